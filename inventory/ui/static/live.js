// Lets a person pause what htmx fetches every few seconds. It also rests while nobody sees it, and while the focus is in it,
// which new content would take away.
"use strict";
(() => {
  const button = document.querySelector("[data-pause]");
  if (!button) return;
  let paused = false;
  const stale = document.querySelector("[data-stale]");
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
  });
  document.addEventListener("htmx:beforeRequest", event => {
    const live = event.detail.elt;
    if (live.matches("[data-live]") && (paused || document.hidden || live.contains(document.activeElement))) event.preventDefault();
  });
  document.addEventListener("htmx:afterRequest", event => {
    const text = event.detail.successful ? "" : "This is not up to date: the service did not answer as usual.";
    if (stale.textContent !== text) stale.textContent = text;
  });
})();
