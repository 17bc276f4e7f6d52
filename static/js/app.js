// The dashboard's behaviour on every page, driven by data attributes (docs/interface.md):
// toasts, confirmation, copying, bulk selection, relative times, keyboard, menu and theme.
// The palette is in palette.js, live updates in live.js.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);

  // ---------- Clicks: [data-act] ----------

  const actions = {
    menu: (button) => toggleMenu(button),
    theme: (button) => chooseTheme(button.dataset.choice),
    help: () => one("#keys").showModal(),
    open: (button) => one(button.dataset.dialog).showModal(),
    close: (button) => button.closest("dialog").close(),
    dismiss: (button) => button.closest(".dw-toast").remove(),
    facets: (button) => toggleFacets(button),
    back: () => history.back(),
    print: () => print(),
    why: (button) => toast(button.dataset.why, "info"),
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) actions[button.dataset.act]?.(button);
    else if (!event.target.closest(".dw-side")) closeMenu();
  });

  function toggleMenu(button) {
    const open = one(".dw-side").classList.toggle("open");
    button.setAttribute("aria-expanded", open);
    if (open) one(".dw-side a").focus();
  }

  function closeMenu() {
    one(".dw-side")?.classList.remove("open");
    one("[data-act=menu]")?.setAttribute("aria-expanded", "false");
  }

  function toggleFacets(button) {
    const open = one(".dw-facets").classList.toggle("open");
    button.setAttribute("aria-expanded", open);
  }

  function chooseTheme(choice) {
    window.dwTheme.choose(choice);
    showThemeChoice();
  }

  function showThemeChoice() {
    const choice = window.dwTheme.read();
    all("[data-act=theme]").forEach((button) => {
      button.setAttribute("aria-checked", button.dataset.choice === choice);
      button.classList.toggle("active", button.dataset.choice === choice);
    });
  }

  // ---------- Toasts ----------

  // An error stays until it is dismissed; one with a button to press waits longer.
  function armToast(toast) {
    if (toast.dataset.armed || toast.dataset.level === "error") return;
    toast.dataset.armed = "1";
    const patience = one("button:not([data-act=dismiss])", toast) ? 10000 : 5000;
    let timer = setTimeout(() => toast.remove(), patience);
    const wait = () => clearTimeout(timer);
    const resume = () => (timer = setTimeout(() => toast.remove(), patience));
    toast.addEventListener("pointerenter", wait);
    toast.addEventListener("focusin", wait);
    toast.addEventListener("pointerleave", resume);
    toast.addEventListener("focusout", resume);
  }

  function toast(message, level = "info") {
    const template = one("#toast-template").content.firstElementChild.cloneNode(true);
    template.dataset.level = level;
    one("[data-toast-text]", template).textContent = message;
    one("#toasts").append(template);
  }

  function watchToasts() {
    const region = one("#toasts");
    if (!region) return;
    const armAll = () => all(".dw-toast", region).forEach(armToast);
    new MutationObserver(armAll).observe(region, { childList: true });
    armAll();
  }

  document.addEventListener("dw:toast", (event) => {
    toast(event.detail.message ?? event.detail.value ?? "", event.detail.level);
  });

  document.addEventListener("htmx:finally:request", (event) => {
    event.target.closest?.("[data-undo]")?.closest(".dw-toast").remove();
  });

  // What is wrong with a form comes as 422 and is swapped in; the rest is said here.
  const refusals = {
    403: "You may not do this.",
    404: "This is no longer there. Reload the page.",
    409: "Someone else was faster. Reload the page.",
    429: "Too many requests. Wait a moment.",
  };

  document.addEventListener("htmx:response:error", (event) => {
    const { status } = event.detail.ctx.response;
    if (refusals[status]) toast(refusals[status], "error");
    else if (status >= 500) toast("Something went wrong on our side. Nothing was changed.", "error");
  });

  document.addEventListener("htmx:error", () => {
    toast("The server could not be reached. Try again in a moment.", "error");
  });

  // ---------- Confirmation: [data-confirm] ----------

  // Runs in the capture phase, so that neither htmx nor the form sees an unconfirmed click.
  function askFirst(event) {
    const button = event.target.closest?.("[data-confirm]");
    if (!button || button.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    openConfirm(button);
  }

  function openConfirm(button) {
    const dialog = one("#confirm");
    one("[data-confirm-text]", dialog).textContent = button.dataset.confirm;
    one("[data-confirm-title]", dialog).textContent = button.dataset.confirmTitle || "Are you sure?";
    one("[data-confirm-go]", dialog).textContent =
      button.dataset.confirmAction || button.textContent.trim();
    dialog.returnValue = "";
    dialog.onclose = () => dialog.returnValue === "go" && clickConfirmed(button);
    dialog.showModal();
  }

  function clickConfirmed(button) {
    button.dataset.confirmed = "1";
    button.click();
    delete button.dataset.confirmed;
  }

  document.addEventListener("click", askFirst, true);

  // ---------- Each form and button once at a time ----------

  // What is pressed twice in a hurry is sent once; what comes back takes the mark away.
  const busy = new Set();

  const isPressed = (element) => element.matches?.("button, form[method=post]");

  function occupy(element) {
    busy.add(element);
    element.setAttribute("aria-busy", "true");
  }

  function release(element) {
    busy.delete(element);
    element.removeAttribute("aria-busy");
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[method=post]") || event.defaultPrevented) return;
    const button = event.submitter ?? form;
    if (busy.has(form)) return event.preventDefault();
    [form, button].forEach(occupy);
    addEventListener("pageshow", () => [form, button].forEach(release), { once: true });
  });

  document.addEventListener("htmx:before:request", (event) => {
    if (!isPressed(event.target)) return;
    if (busy.has(event.target)) event.preventDefault();
    else occupy(event.target);
  });

  document.addEventListener("htmx:finally:request", (event) => {
    if (isPressed(event.target)) release(event.target);
  });

  // ---------- Copying: [data-copy] ----------

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(textToCopy(button));
      toast(button.dataset.copied || "Copied.", "success");
    } catch {
      toast("The browser does not allow copying here. Select the text instead.", "error");
    }
  });

  function textToCopy(button) {
    const source = button.dataset.copy;
    if (source === "link") return location.href;
    return source.startsWith("#") ? one(source).textContent.trim() : source;
  }

  // ---------- Bulk selection: [data-bulk] inside [data-bulk-scope] ----------

  document.addEventListener("change", (event) => {
    const box = event.target;
    if (!box.matches("[data-bulk]")) return;
    const scope = box.closest("[data-bulk-scope]");
    if (box.dataset.bulk === "all") boxesOf(scope).forEach((row) => (row.checked = box.checked));
    showSelection(scope);
  });

  const boxesOf = (scope) => all("[data-bulk=row]", scope);

  function showSelection(scope) {
    const boxes = boxesOf(scope);
    const chosen = boxes.filter((box) => box.checked).length;
    const bar = one(".dw-bulk", scope);
    if (bar) {
      bar.hidden = !chosen;
      one("[data-bulk-count]", bar).textContent = chosen;
      showEverything(bar, chosen === boxes.length);
    }
    const whole = one("[data-bulk=all]", scope);
    if (whole) {
      whole.checked = chosen > 0 && chosen === boxes.length;
      whole.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  }

  // "Select all 412 that match" is offered once the whole page is selected.
  function showEverything(bar, complete) {
    const offer = one("[data-bulk-everything]", bar);
    if (!offer) return;
    offer.hidden = !complete;
    if (!complete) one("input", offer).checked = false;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-bulk-clear]");
    if (!button) return;
    const scope = button.closest("[data-bulk-scope]");
    boxesOf(scope).forEach((box) => (box.checked = false));
    showSelection(scope);
  });

  // ---------- Values that CSS can't read from markup: [data-progress], [data-when] ----------

  function setWidths(root = document) {
    all("[data-progress]", root).forEach((bar) => {
      bar.style.width = `${Math.min(100, Math.max(0, Number(bar.dataset.progress)))}%`;
    });
  }

  function refreshTimes(root = document) {
    all("time[data-when]", root).forEach((time) => {
      const at = new Date(time.dateTime);
      time.textContent = relative(at);
      time.title = `${at.toISOString().slice(0, 19).replace("T", " ")} UTC · ${at.toLocaleString()}`;
    });
  }

  function relative(at) {
    const seconds = (Date.now() - at) / 1000;
    const size = Math.abs(seconds);
    const [unit, name] = [[86400, "d"], [3600, "h"], [60, "min"]].find(([n]) => size >= n) ?? [];
    if (!unit) return "just now";
    const amount = `${Math.floor(size / unit)} ${name}`;
    return seconds > 0 ? `${amount} ago` : `in ${amount}`;
  }

  // ---------- Fields that depend on a choice: [data-switch], [data-shown-for] ----------

  // <input name="engine" data-switch> shows [data-shown-for="engine:sqlite mysql"] for those values.
  // What is hidden is disabled too, so that it is neither sent nor required.
  function showFitting(root = document) {
    all("[data-shown-for*=':']", root).forEach((element) => {
      const [name, values] = element.dataset.shownFor.split(":");
      const chosen = one(`[data-switch][name="${name}"]:checked`) ?? one(`select[data-switch][name="${name}"]`);
      element.hidden = !values.split(" ").includes(chosen?.value ?? "");
      all("input, select, textarea", element).forEach((field) => (field.disabled = element.hidden));
    });
    all("[data-placeholders]", root).forEach((field) => {
      const chosen = one(`[data-switch][name="${field.dataset.placeholderOf}"]:checked`);
      field.placeholder = JSON.parse(field.dataset.placeholders)[chosen?.value] ?? "";
    });
  }

  document.addEventListener("change", ({ target }) => target.matches("[data-switch]") && showFitting());

  // ---------- Keyboard ----------

  const places = {
    o: "overview",
    s: "sources",
    d: "discovery",
    c: "catalog",
    l: "classification",
    f: "compliance",
    i: "inbox",
  };
  let wentAt = 0;

  const keys = {
    "/": () => (one("[data-search]") ? one("[data-search]").focus() : window.dwPalette?.open()),
    "?": () => one("#keys")?.showModal(),
    g: () => (wentAt = Date.now()),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    a: () => pressInRow("[data-accept]"),
    x: () => pressInRow("[data-reject]"),
    r: () => pressInRow("[data-reject]"),
    u: () => all("[data-undo] button").at(-1)?.click(),
    z: () => all("[data-undo] button").at(-1)?.click(),
  };

  function isTyping(event) {
    const quiet = event.metaKey || event.ctrlKey || event.altKey || event.isComposing;
    const field = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    return quiet || field || one("dialog[open]");
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenu();
    if (isTyping(event)) return;
    if (Date.now() - wentAt < 1000 && places[event.key]) return goTo(event);
    if (!keys[event.key]) return;
    if (event.key === "/") event.preventDefault(); // else the slash lands in the field
    keys[event.key]();
  });

  function goTo(event) {
    wentAt = 0;
    const link = one(`[data-nav="${places[event.key]}"]`);
    if (link) location.href = link.href;
  }

  const currentRow = () => document.activeElement?.closest("[data-row]");

  function moveRow(step) {
    const rows = all("[data-row]");
    if (!rows.length) return;
    const next = rows.indexOf(currentRow()) + step;
    rows[Math.min(rows.length - 1, Math.max(0, next))].focus();
  }

  // The answer replaces the row, so its neighbour's focus is restored after the swap.
  function pressInRow(selector) {
    const row = currentRow();
    if (row) one(selector, row)?.click();
  }

  let lastRow = -1;
  let byKeyboard = false;

  document.addEventListener("keydown", () => (byKeyboard = true), true);
  document.addEventListener("pointerdown", () => (byKeyboard = false), true);
  document.addEventListener("focusin", () => {
    const row = currentRow();
    if (row) lastRow = all("[data-row]").indexOf(row);
  });

  function restoreFocus() {
    if (byKeyboard && document.activeElement === document.body) focusRow(lastRow);
  }

  function focusRow(place) {
    const rows = all("[data-row]");
    if (place >= 0) rows[Math.min(place, rows.length - 1)]?.focus();
  }

  // Undoing may load the page anew: whoever works by keyboard goes on in the same row.
  const KEPT = "dw-row";
  document.addEventListener("submit", (event) => {
    if (byKeyboard && event.target.matches("[data-undo]"))
      sessionStorage.setItem(KEPT, JSON.stringify([location.href, lastRow, Date.now()]));
  }, true);

  function takeUpRow() {
    const [place, row, at] = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    sessionStorage.removeItem(KEPT);
    if (place !== location.href || Date.now() - at > 10000) return;
    byKeyboard = true;
    focusRow(row);
  }

  // A page of a queue that is worked off makes room for the next one.
  function refill() {
    if (all("[data-refill]").some((list) => !one("[data-row]", list))) location.reload();
  }

  // ---------- Start ----------

  function refresh(root) {
    setWidths(root);
    refreshTimes(root);
    showFitting(root);
  }

  document.addEventListener("htmx:after:swap", () => {
    refresh();
    restoreFocus();
    refill();
    all("[data-bulk-scope]").forEach(showSelection);
  });
  setInterval(() => refreshTimes(), 60000);
  window.dw = { all, one, toast, refresh, relative };
  // htmx would begin in a task of its own, after the page counts as loaded: a quick key was lost.
  htmx.process(document.body);
  refresh();
  watchToasts();
  showThemeChoice();
  takeUpRow();
})();
