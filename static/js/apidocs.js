// Draws the OpenAPI document as a page: operations by tag, each with parameters, body and answers.
// Everything is put in as text, so nothing in the document can become markup.
(() => {
  const root = document.getElementById("api-docs");
  if (!root) return;
  const METHODS = ["get", "post", "put", "patch", "delete"];
  const TONES = { get: "blue", post: "green", put: "yellow", patch: "yellow", delete: "red" };
  const DEEPEST = 4;
  let spec = {};

  function make(tag, className = "", ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child != null));
    return element;
  }

  // ---------- Schemas ----------

  function resolve(schema) {
    const name = schema?.$ref?.split("/").pop();
    return name ? spec.components.schemas[name] : schema;
  }

  // A value of the schema's shape, which says more at a glance than the schema.
  function sample(schema, depth = 0) {
    const known = resolve(schema) ?? {};
    if (depth > DEEPEST) return "…";
    if (known.enum) return known.enum.join(" | ");
    const part = (known.allOf ?? known.oneOf ?? known.anyOf)?.[0];
    if (part) return sample(part, depth + 1);
    const type = [known.type].flat().find((name) => name !== "null");
    if (type === "array") return [sample(known.items, depth + 1)];
    if (type === "object" || known.properties) return sampleObject(known, depth);
    return known.format ? `${type} (${known.format})` : (type ?? "any");
  }

  function sampleObject(schema, depth) {
    const pairs = Object.entries(schema.properties ?? {});
    return Object.fromEntries(pairs.map(([name, part]) => [name, sample(part, depth + 1)]));
  }

  function drawContent(content) {
    const schema = Object.values(content ?? {})[0]?.schema;
    if (!schema) return null;
    return make("pre", "mono smaller p-2 mb-2", JSON.stringify(sample(schema), null, 2));
  }

  // ---------- Operations ----------

  function drawParameter(parameter) {
    const type = [].concat(resolve(parameter.schema)?.type ?? "").join(" or ");
    const need = parameter.required ? "required" : "optional";
    const name = make("code", "mono", parameter.name);
    return make("li", "", name, ` ${type}, in ${parameter.in}, ${need}. `, parameter.description ?? "");
  }

  function drawParameters(parameters) {
    if (!parameters?.length) return null;
    return make("div", "", make("h4", "", "Parameters"), make("ul", "", ...parameters.map(drawParameter)));
  }

  function drawBody(body) {
    if (!body) return null;
    return make("div", "", make("h4", "", "Body"), drawContent(body.content));
  }

  function drawAnswers(answers) {
    const parts = Object.entries(answers ?? {}).flatMap(([code, answer]) => [
      make("div", "", make("code", "mono", code), ` ${answer.description ?? ""}`),
      drawContent(answer.content),
    ]);
    return make("div", "", make("h4", "", "Answers"), ...parts);
  }

  function drawOperation({ path, method, operation }) {
    const chip = make("span", `dw-chip nodot c-${TONES[method]}`, method.toUpperCase());
    const title = operation.summary ?? operation.description?.split("\n")[0] ?? "";
    const summary = make("summary", "p-2", chip, " ", make("code", "mono break", path), ` ${title}`);
    const details = make("details", "card mb-2", summary);
    details.id = operation.operationId;
    details.dataset.words = `${method} ${path} ${title}`.toLowerCase();
    details.addEventListener("toggle", () => fillOperation(details, operation), { once: true });
    return details;
  }

  function fillOperation(details, operation) {
    const said = make("p", "text-secondary", operation.description ?? "");
    const parts = [drawParameters(operation.parameters), drawBody(operation.requestBody)];
    details.append(make("div", "p-3", said, ...parts, drawAnswers(operation.responses)));
  }

  // ---------- Page ----------

  function listOperations() {
    return Object.entries(spec.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })),
    );
  }

  function drawAll() {
    const groups = new Map();
    for (const each of listOperations()) {
      const tag = each.operation.tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), drawOperation(each)]);
    }
    const sections = [...groups].map(([tag, items]) =>
      make("section", "mb-4", make("h2", "h3", tag), ...items),
    );
    root.replaceChildren(...sections);
  }

  function filter(words) {
    for (const section of root.querySelectorAll("section")) {
      const items = [...section.querySelectorAll("details")];
      for (const item of items) item.hidden = !item.dataset.words.includes(words);
      section.hidden = items.every((item) => item.hidden);
    }
  }

  async function start() {
    const answer = await fetch(root.dataset.schema, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    spec = await answer.json();
    drawAll();
    document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
  }

  document.getElementById("api-filter").addEventListener("input", (event) => {
    filter(event.target.value.trim().toLowerCase());
  });
  start().catch(() => root.replaceChildren(make("p", "", "The document could not be loaded. Reload the page.")));
})();
