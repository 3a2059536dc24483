/* The colour scheme, kept by this browser under the key that Mantine reads too.
   Loaded in the head, before anything is painted; the second loading with the other assets changes nothing. */
(function () {
  "use strict";

  const KEY = "mantine-color-scheme-value";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function kept() {
    try {
      return localStorage.getItem(KEY) || "auto";
    } catch (refused) { // storage can be switched off; the system's scheme it is, then
      return "auto";
    }
  }

  function keep(choice) {
    try {
      localStorage.setItem(KEY, choice);
    } catch (refused) {
      /* as above */
    }
  }

  function resolved(choice) {
    return choice === "light" || choice === "dark" ? choice : dark.matches ? "dark" : "light";
  }

  function paint(choice) {
    document.documentElement.dataset.mantineColorScheme = resolved(choice);
  }

  function colorScheme(choice) {
    keep(choice || "auto");
    paint(choice);
    return resolved(choice);
  }

  if (!window.pulseboardTheme) {
    window.pulseboardTheme = { colorScheme };
    dark.addEventListener("change", function () {
      if (kept() === "auto" && window.dash_clientside && window.dash_clientside.set_props) {
        window.dash_clientside.set_props("theme-provider", { forceColorScheme: resolved("auto") });
      }
    });
  }
  paint(kept());

  const spaces = (window.dash_clientside = window.dash_clientside || {});
  spaces.pulseboard = Object.assign(spaces.pulseboard || {}, { colorScheme });
})();
