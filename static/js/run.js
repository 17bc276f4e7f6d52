// Draws a run's snapshot and events on its page. Every value is set by data attributes
// (docs/interface.md, "The run page"), so the page's markup decides what is shown and where.
(() => {
  const { all, one } = window.dw;
  const page = one("[data-run]");
  if (!page) return;
  const topic = page.dataset.live;
  const LINES = 300;
  const OVER = ["completed", "completed_with_errors", "failed", "cancelled"];
  const TONES = {
    completed: "green",
    completed_with_errors: "yellow",
    failed: "red",
    cancelled: "gray",
    waiting: "gray",
    cancelling: "gray",
  };
  const WORDS = { done: "Done", failed: "Failed", waiting: "Waiting", skipped: "Skipped", stopped: "Stopped" };

  let run = null;
  let receivedAt = 0;
  let lastLine = 0;

  // ---------- Words ----------

  function sayDuration(seconds) {
    if (seconds == null) return "—";
    if (seconds < 10) return `${seconds.toFixed(1)}s`;
    const whole = Math.round(seconds);
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
    if (hours) return `${hours}h ${String(minutes).padStart(2, "0")}m`;
    return minutes ? `${minutes}m ${String(whole % 60).padStart(2, "0")}s` : `${whole}s`;
  }

  const sayExpected = (expected) =>
    expected ? `${expected.about ? "about " : ""}${Number(expected.tables).toLocaleString()}` : "—";

  const setText = (selector, text) =>
    all(selector, page).forEach((element) => (element.textContent = text));

  // ---------- Parts ----------

  function drawHead() {
    setText("[data-run-field=state_label]", run.state_label);
    setText("[data-run-field=progress]", `${Math.round(run.progress)}%`);
    setText("[data-run-field=agent]", run.agent?.name || "not yet");
    setText("[data-run-field=read]", Number(run.agent?.done ?? 0).toLocaleString());
    setText("[data-run-field=current]", run.agent?.current ?? "");
    setText("[data-run-field=expected]", sayExpected(run.expected));
    setText("[data-run-field=eta]", run.eta_seconds == null ? "" : `about ${sayDuration(run.eta_seconds)} left`);
    all("[data-run-progress]", page).forEach((bar) => {
      bar.value = run.progress;
      bar.dataset.tone = barTone();
    });
    all("[data-run-state]", page).forEach((chip) => {
      const word = document.createElement("span");
      word.className = `dw-chip c-${TONES[run.state] ?? "blue"}${isOver() ? "" : " dw-pulse"}`;
      word.textContent = run.state_label;
      chip.replaceChildren(word);
    });
  }

  const isOver = () => OVER.includes(run.state);
  const barTone = () => (isOver() ? TONES[run.state] : "primary");

  function drawCounts() {
    for (const [name, count] of Object.entries(run.counts ?? {})) {
      setText(`[data-run-count="${name}"]`, Number(count).toLocaleString());
    }
  }

  // While the agent still reads, what was seen is not known, so nothing is judged.
  function judgeBalance() {
    if (!isOver()) return "open";
    if (!["completed", "completed_with_errors"].includes(run.state)) return "void";
    const { seen = 0, stored = 0, unchanged = 0, filtered = 0, failed = 0 } = run.counts ?? {};
    if (seen === stored + unchanged + filtered + failed) return "holds";
    return run.validation?.quarantined ? "aside" : "broken";
  }

  function drawBalance() {
    const shown = judgeBalance();
    all("[data-balance]", page).forEach((element) => {
      element.hidden = !element.dataset.balance.split(" ").includes(shown);
    });
  }

  // What depends on the state but is drawn by the server: buttons, reasons, next steps.
  function fetchChanges(before) {
    const key = (data) => `${data.state} ${data.counts?.failed} ${data.counts?.quarantined} ${data.holdup?.text}`;
    if (!before || key(before) === key(run)) return;
    all("[data-run-refresh]", page).forEach((element) => htmx.trigger(element, "refresh"));
  }

  function drawStages() {
    drawStage("agent", run.agent);
    drawStage("validation", run.validation);
    run.stages?.forEach((stage) => drawStage(stage.name, stage));
    drawStage("settle", run.settle);
  }

  function drawStage(name, stage) {
    const card = one(`[data-run-stage="${CSS.escape(name)}"]`, page);
    if (!card || !stage) return;
    const state = stateOf(stage);
    const share = shareOf(stage, state);
    card.dataset.state = state;
    const word = one("[data-stage-text]", card);
    word.textContent = WORDS[state] ?? `${share}%`;
    // Both words do not fit beside the title, and the red one says more.
    word.hidden = state === "done" && stage.failed > 0;
    one("progress", card).value = share;
    const count = one("[data-stage-count]", card);
    if (count) count.textContent = stage.total ? `${Number(stage.done).toLocaleString()} / ${Number(stage.total).toLocaleString()}` : "";
    const failed = one("[data-stage-failed]", card);
    if (failed) failed.hidden = !stage.failed;
    if (failed && stage.failed) failed.textContent = `${stage.failed} aside`;
  }

  const STATES = { succeeded: "done", completed: "done", pending: "waiting", queued: "waiting" };
  const stateOf = (stage) => STATES[stage.state] ?? stage.state ?? "waiting";

  function shareOf(stage, state) {
    if (state === "done") return 100;
    return stage.total ? Math.min(99, Math.floor((100 * stage.done) / stage.total)) : 0;
  }

  function drawLinks() {
    const running = (name) => one(`[data-run-stage="${name}"]`, page)?.dataset.state === "running";
    const stages = all("[data-run-parallel] [data-run-stage]", page);
    const flowing = {
      agent: running("agent"),
      validation: stages.some((stage) => stage.dataset.state === "running"),
      settle: running("settle"),
    };
    all("[data-run-link]", page).forEach((link) => link.classList.toggle("on", flowing[link.dataset.runLink]));
  }

  function drawEnding() {
    all("[data-run-show]", page).forEach((element) => {
      element.hidden = (element.dataset.runShow === "over") !== isOver();
    });
    if (isOver()) showEnded();
  }

  function showEnded() {
    all("[data-live-state]", page).forEach((chip) => {
      chip.dataset.liveState = "over";
      chip.className = "dw-chip c-gray";
      chip.textContent = "Ended";
    });
  }

  // Between messages the clock goes on by itself.
  function drawClock() {
    if (!run) return;
    const since = isOver() ? 0 : (Date.now() - receivedAt) / 1000;
    setText("[data-run-field=elapsed]", sayDuration((run.elapsed_seconds ?? 0) + since));
  }

  // ---------- Log ----------

  function addLine(line) {
    const list = one("[data-run-log]", page);
    if (!list || (line.id && line.id <= lastLine)) return;
    lastLine = line.id ?? lastLine;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(makeLine(line));
    while (list.children.length > LINES) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  function makeLine(line) {
    const item = document.createElement("div");
    item.dataset.level = line.level;
    const time = document.createElement("time");
    time.dateTime = line.at;
    time.textContent = new Date(line.at).toLocaleTimeString([], { hour12: false });
    time.title = `${line.at.slice(0, 19).replace("T", " ")} UTC · ${new Date(line.at).toLocaleString()}`;
    const source = document.createElement("span");
    source.className = "source";
    source.textContent = line.source;
    const message = document.createElement("span");
    message.textContent = line.message;
    item.append(time, source);
    if (line.level !== "info") item.append(makeLevel(line.level));
    item.append(message);
    return item;
  }

  function makeLevel(level) {
    const word = document.createElement("span");
    word.className = "level";
    word.textContent = level;
    return word;
  }

  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-run-level]")) return;
    one("[data-run-log]", page).dataset.from = target.value;
    const link = one("[data-run-download]", page);
    const address = new URL(link.href);
    target.value ? address.searchParams.set("level", target.value) : address.searchParams.delete("level");
    link.href = address.href;
  });

  // ---------- Messages ----------

  function draw(data) {
    const before = run;
    run = data;
    receivedAt = Date.now();
    drawHead();
    drawCounts();
    drawBalance();
    drawStages();
    drawLinks();
    drawClock();
    drawEnding();
    data.log?.forEach(addLine);
    fetchChanges(before);
  }

  document.addEventListener("htmx:after:swap", () => run && isOver() && showEnded());

  document.addEventListener("dw:live", ({ detail }) => {
    if (detail.topic !== topic) return;
    if (detail.kind === "log") return addLine(detail.data);
    if (detail.type === "snapshot" || ["progress", "finished"].includes(detail.kind)) draw(detail.data);
    if (detail.kind === "finished") document.dispatchEvent(new CustomEvent("dw:run-finished", { detail: run }));
  });

  // The page is served with the state of that moment, so it is right before the socket opens.
  const first = one("#run-data");
  if (first) draw(JSON.parse(first.textContent));
  setInterval(drawClock, 1000);
})();
