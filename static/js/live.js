// The one WebSocket of a page, /ws/live/. Pages name their topics in markup:
//   data-live="run:<uuid>"          messages arrive as the event "dw:live" on document
//   data-live-refresh="run:<uuid>"  the element gets the event "refresh", at most once a second,
//                                   so hx-trigger="refresh" fetches it again
//   data-live-progress="run:<uuid>"  the bar and the percentage inside follow the run
//   data-live-state                 shows Live or Reconnecting…
// Each topic starts with a snapshot and goes on from its id; repeats are dropped by id.
(() => {
  const { all } = window.dw;
  const LONGEST_WAIT = 3000;
  const QUIET = 1000;
  const REMEMBERED = 2000;

  const lastIds = new Map(); // topic -> id of the last message seen
  const seen = new Set(); // "topic id" of the newest events
  const waiting = new Map(); // element -> timer of its next refresh
  let socket = null;
  let tries = 0;
  let leaving = false;

  // ---------- Topics ----------

  function topicsOf(element) {
    const { live = "", liveRefresh = "", liveProgress = "" } = element.dataset;
    const names = `${live} ${liveRefresh} ${liveProgress}`;
    return names.split(/\s+/).filter(Boolean);
  }

  function listTopics() {
    return new Set(all("[data-live], [data-live-refresh], [data-live-progress]").flatMap(topicsOf));
  }

  function subscribe(topic) {
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ type: "subscribe", topic, after: lastIds.get(topic) ?? 0 }));
  }

  // New markup may name new topics; the known ones are not asked for again.
  function subscribeNew() {
    for (const topic of listTopics()) {
      if (lastIds.has(topic)) continue;
      lastIds.set(topic, 0);
      subscribe(topic);
    }
    if (lastIds.size && !socket) connect();
  }

  // ---------- Messages ----------

  function receive(message) {
    const known = lastIds.get(message.topic) ?? 0;
    if (message.type === "event" && isRepeat(message)) return;
    if (message.id) lastIds.set(message.topic, Math.max(known, message.id));
    document.dispatchEvent(new CustomEvent("dw:live", { detail: message }));
    if (message.type === "event") refreshElements(message.topic);
    if (message.data?.progress != null) showProgress(message.topic, message.data.progress);
    if (message.kind === "finished") forgetRun(message.topic);
  }

  function forgetRun(topic) {
    all(`a.dw-chip[data-live-progress="${CSS.escape(topic)}"]`).forEach((chip) => chip.remove());
  }

  // By the set of ids, not the highest: an event committed late comes with a lower id.
  function isRepeat({ topic, id }) {
    const key = `${topic} ${id}`;
    if (seen.has(key)) return true;
    seen.add(key);
    if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
    return false;
  }

  // Bars and chips of a run outside its own page.
  function showProgress(topic, share) {
    all(`[data-live-progress="${CSS.escape(topic)}"]`).forEach((element) => {
      const bar = element.querySelector("progress");
      if (bar) bar.value = share;
      const text = element.querySelector(".dw-progress-line > span, [data-live-percent]");
      if (text) text.textContent = `${Math.round(share)}%`;
    });
  }

  function refreshElements(topic) {
    all("[data-live-refresh]")
      .filter((element) => element.dataset.liveRefresh.split(/\s+/).includes(topic))
      .forEach(refreshSoon);
  }

  function refreshSoon(element) {
    if (waiting.has(element)) return;
    const refresh = () => {
      waiting.delete(element);
      if (element.isConnected) htmx.trigger(element, "refresh");
    };
    waiting.set(element, setTimeout(refresh, QUIET));
  }

  // ---------- Connection ----------

  let shown = ["", "gray"];

  function show(text, tone) {
    shown = [text, tone];
    all("[data-live-state]").forEach((chip) => {
      if (chip.dataset.liveState === "over") return;
      chip.className = `dw-chip dw-pulse c-${tone}`;
      chip.textContent = text;
    });
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/live/`);
    socket.onopen = welcome;
    socket.onmessage = (event) => receive(JSON.parse(event.data));
    socket.onclose = reconnect;
  }

  function welcome() {
    tries = 0;
    show("Live", "green");
    for (const topic of lastIds.keys()) subscribe(topic);
  }

  function reconnect() {
    socket = null;
    if (leaving) return;
    show("Reconnecting…", "yellow");
    const wait = Math.min(LONGEST_WAIT, 250 * 2 ** tries++);
    setTimeout(connect, wait * (0.5 + Math.random() / 2));
  }

  addEventListener("pagehide", () => {
    leaving = true;
    socket?.close();
  });
  // A page taken back from the browser's cache has lost its socket.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    leaving = false;
    if (!socket) connect();
  });

  document.addEventListener("htmx:after:swap", () => {
    subscribeNew();
    if (shown[0]) show(...shown);
  });
  subscribeNew();
})();
