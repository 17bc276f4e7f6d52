// The command palette (Ctrl/Cmd-K): the menu's places at once, the server's answers as they come.
// The server's part is a list of [role=option] links, see components/palette_results.html.
(() => {
  const { all, one } = window.dw;
  const dialog = one("#palette");
  if (!dialog) return;
  const input = one("input", dialog);
  const options = () => all("[role=option]", dialog).filter((option) => !option.hidden);

  function open() {
    if (dialog.open) return dialog.close();
    dialog.showModal();
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.focus();
  }

  // ---------- The places of the menu ----------

  function listPlaces() {
    const group = one("#palette-places", dialog);
    all("[data-nav]").forEach((link, index) => group.append(makeOption(link, index)));
  }

  function makeOption(link, index) {
    const option = document.createElement("a");
    option.id = `place-${index}`;
    option.href = link.href;
    option.tabIndex = -1;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const icon = one("svg", link)?.cloneNode(true);
    const name = document.createElement("span");
    name.textContent = link.dataset.title;
    option.append(...[icon, name].filter(Boolean));
    return option;
  }

  function filterPlaces() {
    const wanted = input.value.trim().toLowerCase();
    const group = one("#palette-places", dialog);
    const places = all("[role=option]", group);
    places.forEach((place) => (place.hidden = !startsWord(place.textContent.toLowerCase(), wanted)));
    group.hidden = places.every((place) => place.hidden);
    showNothing();
    select(0);
  }

  const startsWord = (title, wanted) => ` ${title}`.includes(` ${wanted}`);

  function showNothing() {
    one("#palette-nothing", dialog).hidden = options().length > 0;
  }

  // ---------- Choosing ----------

  function select(index) {
    const list = options();
    all("[role=option]", dialog).forEach((option) => option.setAttribute("aria-selected", "false"));
    const chosen = list[(index + list.length) % list.length];
    if (!chosen) return input.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", chosen.id);
  }

  const selected = () => options().findIndex((option) => option.ariaSelected === "true");

  const keys = {
    ArrowDown: () => select(selected() + 1),
    ArrowUp: () => select(selected() - 1),
    Enter: () => options()[Math.max(0, selected())]?.click(),
  };

  dialog.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  input.addEventListener("input", filterPlaces);
  dialog.addEventListener("htmx:after:swap", () => {
    showNothing();
    select(0);
  });

  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  document.addEventListener("click", (event) => event.target.closest("[data-palette]") && open());
  document.addEventListener("keydown", (event) => {
    if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    open();
  });

  listPlaces();
  window.dwPalette = { open };
})();
