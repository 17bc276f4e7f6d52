// Sets the theme before the first paint, so that no page flashes. Loaded in <head>, not deferred.
// The choice is "light", "dark" or "system" (the default), kept in this browser.
(() => {
  const KEY = "dw-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  function readChoice() {
    try {
      return localStorage.getItem(KEY) || "system";
    } catch {
      return "system"; // storage may be forbidden
    }
  }

  function apply() {
    const choice = readChoice();
    const dark = choice === "dark" || (choice === "system" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    document.documentElement.dataset.themeChoice = choice;
    document.dispatchEvent(new CustomEvent("dw:theme", { detail: { choice, dark } }));
  }

  function choose(choice) {
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // The choice then lasts for this page only.
    }
    apply();
  }

  system.addEventListener("change", apply);
  window.dwTheme = { choose, read: readChoice };
  apply();
})();
