// Reviewing labels: the dialog that chooses a type, the reasons that unfold, the selection after
// a decision.
//   [data-choose="ID" | "selected"] with data-name   opens #chooser for one label or the ticked ones
(() => {
  const { all, one } = window.dw;
  const dialog = () => one("#chooser");

  // ---------- Choosing a type ----------

  function idsFor(button) {
    if (button.dataset.choose !== "selected") return [button.dataset.choose];
    return all("[data-bulk=row]:checked", button.closest("[data-bulk-scope]")).map((box) => box.value);
  }

  function open(button) {
    const box = dialog();
    const scope = button.closest("[data-bulk-scope]");
    const everything = button.dataset.choose === "selected" && one("[name=everything]:checked", scope);
    one("[data-chooser-name]", box).textContent = button.dataset.name;
    one("[data-chosen]", box).replaceChildren(...idsFor(button).map((id) => hidden("label", id)));
    if (everything) one("[data-chosen]", box).append(hidden("everything", "1"));
    const search = one("[data-chooser-search]", box);
    search.value = "";
    narrow(box, "");
    box.showModal();
    search.focus();
  }

  function hidden(name, value) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    return input;
  }

  function narrow(box, text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    all("[data-words]", box).forEach((choice) => {
      choice.hidden = !words.every((word) => choice.dataset.words.includes(word));
    });
    all("[data-chooser-group]", box).forEach((group) => (group.hidden = !one("[data-words]:not([hidden])", group)));
    one("[data-chooser-nothing]", box).hidden = Boolean(one("[data-words]:not([hidden])", box));
  }

  const choices = (box) => all("[data-words]", box).filter((choice) => !choice.hidden);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-choose]");
    if (button && dialog()) open(button);
    if (event.target.id === "chooser") event.target.close(); // the backdrop
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-chooser-search]")) narrow(dialog(), event.target.value);
  });

  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.("#chooser");
    if (!box) return;
    const list = choices(box);
    const at = list.indexOf(document.activeElement);
    if (event.key === "ArrowDown") list[at + 1]?.focus();
    else if (event.key === "ArrowUp") (list[at - 1] ?? one("[data-chooser-search]", box)).focus();
    else if (event.key === "Enter" && at < 0) list[0]?.click();
    else return;
    event.preventDefault();
  });

  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.closest?.("#chooser")) dialog().close();
  });

  // `c` in a row opens the dialog, as `a` and `x` press its other buttons.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog");
    if (event.key !== "c" || event.metaKey || event.ctrlKey || event.altKey || typing) return;
    if (Date.now() - wentAt < 1000) return; // g c goes to the catalog
    const row = document.activeElement?.closest("[data-row]");
    const button = row && one("[data-choose]", row);
    if (!button) return;
    event.preventDefault(); // else the letter lands in the dialog's search
    button.click();
  });

  let wentAt = 0;
  document.addEventListener("keydown", (event) => event.key === "g" && (wentAt = Date.now()), true);

  // ---------- After a decision ----------

  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target;
    const scope = form.matches?.("[data-bulk-scope]") ? form : form.closest?.("#chooser") && one("[data-bulk-scope]");
    if (scope) one("[data-bulk-clear]", scope)?.click();
  });

  // ---------- Tabs: the current one is in sight on a phone ----------

  function showTab() {
    const tabs = one(".nav-tabs");
    const current = tabs && one(".active", tabs);
    if (current) tabs.scrollLeft = current.offsetLeft - tabs.clientWidth / 2 + current.clientWidth / 2;
  }

  document.addEventListener("htmx:after:swap", showTab);
  showTab();

  // ---------- Reasons ----------

  document.addEventListener("click", (event) => {
    all("details.dw-why[open]").forEach((each) => !each.contains(event.target) && (each.open = false));
  });

  document.addEventListener("keydown", (event) => {
    const reasons = event.key === "Escape" && one("details.dw-why[open]");
    if (!reasons) return;
    reasons.open = false;
    one("summary", reasons).focus();
  });
})();
