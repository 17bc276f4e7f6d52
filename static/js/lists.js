// Lists that htmx narrows while a person types or ticks:
//   form[data-drop-empty]           leaves empty fields out of the address, but for the one it names
//   button[data-untick=NAME]        with data-value takes one filter away again
//   details[data-keep-open], .dw-facets  stay open when the list is swapped
(() => {
  const { all, one } = window.dw;

  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("[data-drop-empty]")) return;
    const kept = event.target.dataset.dropEmpty;
    [...event.formData.entries()].forEach(([name, value]) => {
      if (value === "" && name !== kept) event.formData.delete(name);
    });
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-untick]");
    if (!button) return;
    const boxes = all(`input[name="${CSS.escape(button.dataset.untick)}"]`, button.closest("form"));
    const box = boxes.find((each) => each.value === button.dataset.value);
    if (!box) return;
    box.checked = false;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  });

  let open = [];

  document.addEventListener("htmx:before:swap", () => {
    open = all("details[data-keep-open][open], .dw-facets.open").map((each) => each.id);
  });

  document.addEventListener("htmx:after:swap", () => {
    open.map((id) => document.getElementById(id)).forEach((each) => {
      if (each?.matches("details")) each.open = true;
      else each?.classList.add("open");
    });
  });

  // A panel of filters closes like a menu.
  document.addEventListener("click", (event) => {
    all("details.dw-filters[open]").forEach((each) => !each.contains(event.target) && (each.open = false));
  });
  document.addEventListener("keydown", (event) => {
    const panel = event.key === "Escape" && one("details.dw-filters[open]");
    if (!panel) return;
    panel.open = false;
    one("summary", panel).focus();
  });
})();
