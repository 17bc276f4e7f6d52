// Draws tables and what connects them: dagre places the nodes, HTML shows them, SVG joins them.
//   <div class="dw-graph" data-graph="ID" aria-label="…"></div> reads the JSON of element ID:
//   {nodes: [{id, title, subtitle, url, focus, columns: [{name, tag, tone}]}],
//    edges: [{from, to, from_column, to_column, kind}]}
// Nodes are links in reading order, so Tab walks them and Enter opens one.
(() => {
  const { all, one } = window.dw;
  const SVG = "http://www.w3.org/2000/svg";
  const MOST_NODES = 200;
  const READABLE = 0.75;
  const LOWEST = 320;
  const TALLEST = 720;
  const WIDTH = 190;
  const HEAD = 46;
  const LINE = 22;
  const PAD = 3;

  const heightOf = (node) => HEAD + 2 * PAD + LINE * (node.columns?.length ?? 0);

  // ---------- Layout ----------

  function limit(data) {
    const focused = [...data.nodes].sort((a, b) => Number(b.focus ?? 0) - Number(a.focus ?? 0));
    const nodes = focused.slice(0, MOST_NODES);
    const known = new Set(nodes.map((node) => node.id));
    const edges = data.edges.filter((edge) => known.has(edge.from) && known.has(edge.to));
    return { nodes, edges, hidden: data.nodes.length - nodes.length };
  }

  function place({ nodes, edges }) {
    const layout = new dagre.graphlib.Graph({ multigraph: true });
    layout.setGraph({ rankdir: "LR", nodesep: 26, ranksep: 86, marginx: 20, marginy: 20 });
    nodes.forEach((node) => layout.setNode(node.id, { width: WIDTH, height: heightOf(node) }));
    edges.forEach((edge, i) => layout.setEdge(edge.from, edge.to, {}, `edge-${i}`));
    dagre.layout(layout);
    const spots = new Map();
    nodes.forEach((node) => {
      const { x, y } = layout.node(node.id);
      spots.set(node.id, { node, x: x - WIDTH / 2, y: y - heightOf(node) / 2 });
    });
    const { width, height } = layout.graph();
    return { spots, width, height };
  }

  // ---------- Drawing ----------

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text != null) made.textContent = text;
    return made;
  }

  function makeNode({ node, x, y }) {
    const box = element("a", `dw-node${node.focus ? " focus" : ""}`);
    if (node.url) box.href = node.url;
    else box.tabIndex = 0;
    box.dataset.id = node.id;
    box.style.left = `${x}px`;
    box.style.top = `${y}px`;
    const head = element("span", "dw-node-head");
    head.append(element("b", "", node.title), element("small", "", node.subtitle ?? ""));
    const columns = element("span", "dw-node-columns");
    columns.append(...(node.columns ?? []).map(makeColumn));
    box.append(head, columns);
    return box;
  }

  function makeColumn(column) {
    const row = element("span", "dw-node-column");
    row.append(element("span", "mono", column.name));
    if (column.tag) row.append(element("span", `dw-chip nodot c-${column.tone ?? "red"}`, column.tag));
    return row;
  }

  function rowOf(spot, name) {
    const index = (spot.node.columns ?? []).findIndex((column) => column.name === name);
    return spot.y + (index < 0 ? HEAD / 2 : HEAD + PAD + LINE * (index + 0.5));
  }

  function makeEdge(edge, spots) {
    const [from, to] = [spots.get(edge.from), spots.get(edge.to)];
    const [x1, y1] = [from.x + WIDTH, rowOf(from, edge.from_column)];
    const [x2, y2] = [to.x, rowOf(to, edge.to_column)];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`);
    path.dataset.kind = edge.kind ?? "";
    return path;
  }

  function makeCanvas(width, height) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", width + 40);
    svg.setAttribute("height", height + 40);
    svg.setAttribute("aria-hidden", "true");
    return svg;
  }

  function fillWorld(world, data, { spots, width, height }) {
    const svg = makeCanvas(width, height);
    const paths = data.edges.map((edge) => [edge, makeEdge(edge, spots)]);
    svg.append(...paths.map(([, path]) => path));
    world.append(svg, ...[...spots.values()].map(makeNode));
    traceOn(world, paths);
  }

  // Pointing at a table, or tabbing to it, shows what it touches.
  function traceOn(world, paths) {
    const trace = (id) => {
      const near = new Set([id]);
      paths.forEach(([edge, path]) => {
        const touches = id != null && (edge.from === id || edge.to === id);
        path.classList.toggle("on", touches);
        if (touches) near.add(edge.from).add(edge.to);
      });
      all(".dw-node", world).forEach((node) => node.classList.toggle("dim", id != null && !near.has(node.dataset.id)));
    };
    const idAt = (event) => event.target.closest(".dw-node")?.dataset.id;
    world.addEventListener("mouseover", (event) => trace(idAt(event)));
    world.addEventListener("mouseleave", () => trace());
    world.addEventListener("focusin", (event) => trace(idAt(event)));
    world.addEventListener("focusout", () => trace());
  }

  // ---------- Moving and zooming ----------

  function makeView(box, world, size) {
    const view = { scale: 1, x: 0, y: 0 };
    const apply = () => (world.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`);

    const findRoom = () => Math.min((box.clientWidth - 24) / size.width, (box.clientHeight - 24) / size.height);

    const fit = () => {
      view.scale = Math.min(1.05, findRoom());
      view.x = (box.clientWidth - size.width * view.scale) / 2;
      view.y = (box.clientHeight - size.height * view.scale) / 2;
      apply();
    };

    // What does not fit in readable size starts at the table in question, the first one; along the
    // side that does fit, all is shown.
    const begin = () => {
      box.style.height = `${Math.round(Math.min(TALLEST, Math.max(LOWEST, size.height * READABLE + 24)))}px`;
      if (findRoom() >= READABLE) return fit();
      const spot = size.spots.values().next().value;
      view.scale = READABLE;
      view.x = along(box.clientWidth, size.width, spot.x + WIDTH / 2);
      view.y = along(box.clientHeight, size.height, spot.y + heightOf(spot.node) / 2);
      apply();
    };

    const along = (frame, whole, middle) =>
      whole * READABLE <= frame ? (frame - whole * READABLE) / 2 : frame / 2 - middle * READABLE;

    const zoom = (factor, atX = box.clientWidth / 2, atY = box.clientHeight / 2) => {
      const scale = Math.min(2.5, Math.max(0.2, view.scale * factor));
      view.x = atX - ((atX - view.x) * scale) / view.scale;
      view.y = atY - ((atY - view.y) * scale) / view.scale;
      view.scale = scale;
      apply();
    };

    const moveTo = (x, y) => {
      Object.assign(view, { x, y });
      apply();
    };
    return { view, begin, fit, zoom, moveTo };
  }

  function zoomByWheel(box, { zoom }) {
    const onWheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      const { left, top } = box.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 1.1 : 0.9, event.clientX - left, event.clientY - top);
    };
    box.addEventListener("wheel", onWheel, { passive: false });
  }

  function dragWith(box, { view, moveTo }) {
    let grip = null;
    box.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".dw-zoom, .dw-node")) return;
      grip = { x: event.clientX - view.x, y: event.clientY - view.y };
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => grip && moveTo(event.clientX - grip.x, event.clientY - grip.y));
    box.addEventListener("pointerup", () => (grip = null));
    box.addEventListener("pointercancel", () => (grip = null));
  }

  // Tabbing to a node outside the frame brings it in.
  function followFocus(box, world, { view, moveTo }) {
    world.addEventListener("focusin", (event) => {
      box.scrollTo(0, 0); // the browser scrolls the frame itself, which would shift the drawing
      const frame = box.getBoundingClientRect();
      const node = event.target.getBoundingClientRect();
      const inside = node.left >= frame.left && node.right <= frame.right && node.top >= frame.top && node.bottom <= frame.bottom;
      if (inside) return;
      moveTo(view.x + frame.left + 40 - node.left, view.y + frame.top + 40 - node.top);
    });
  }

  function addControls(box, { begin, fit, zoom }) {
    const press = { in: () => zoom(1.2), out: () => zoom(0.83), fit };
    all("[data-zoom]", box).forEach((button) => button.addEventListener("click", press[button.dataset.zoom]));
    watchWidth(box, begin);
  }

  // By the width alone: beginning sets the height itself.
  function watchWidth(box, begin) {
    let width = 0;
    new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      begin();
    }).observe(box);
  }

  // ---------- Start ----------

  function start(box) {
    const text = document.getElementById(box.dataset.graph)?.textContent;
    if (!text || box.dataset.drawn) return;
    box.dataset.drawn = "1";
    const data = limit(JSON.parse(text));
    const placed = place(data);
    const world = element("div", "dw-graph-world");
    fillWorld(world, data, placed);
    box.prepend(world);
    const camera = makeView(box, world, placed);
    zoomByWheel(box, camera);
    dragWith(box, camera);
    followFocus(box, world, camera);
    addControls(box, camera);
    const note = one("[data-graph-hidden]", box.parentElement);
    if (note && data.hidden) note.textContent = `${data.hidden} more tables are not drawn.`;
  }

  const startAll = () => window.dagre && all("[data-graph]").forEach(start);
  document.addEventListener("htmx:after:swap", startAll);
  startAll();
})();
