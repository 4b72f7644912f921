// The search: completes the query at the caret, and sets the day with a slider. Without it the fields are just fields.
"use strict";
(() => {
  const query = document.getElementById("q"), list = document.getElementById("completions");
  const options = () => [...list.querySelectorAll("[role=option]")];
  let chosen = -1, asked = "", answered = "";  // what stood before the caret when the latest request was sent, and was answered

  function choose(index) {
    chosen = index;
    options().forEach((option, position) => option.setAttribute("aria-selected", String(position === index)));
    const option = options()[index];
    if (option) {
      query.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({block: "nearest"});
    } else query.removeAttribute("aria-activedescendant");
  }

  function show(visible) {
    list.hidden = !visible;
    query.setAttribute("aria-expanded", String(visible));
    choose(-1);
  }

  function complete(option) {
    show(false);
    if (!query.value.startsWith(answered)) return;
    const end = Math.max(query.selectionStart, answered.length);
    query.setRangeText(option.dataset.inserted, answered.length - Number(option.dataset.replaces), end, "end");
    query.dispatchEvent(new Event("input", {bubbles: true}));
  }

  function key(event) {
    const count = options().length;
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") choose((chosen + 1) % count);
    else if (event.key === "ArrowUp") choose((chosen <= 0 ? count : chosen) - 1);
    else if (event.key === "Enter" && chosen >= 0) complete(options()[chosen]);
    else if (event.key === "Escape") show(false);
    else {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) show(false);
      return;
    }
    event.preventDefault();
  }

  const attributes = {role: "combobox", "aria-autocomplete": "list", "aria-controls": "completions", "aria-expanded": "false"};
  for (const [name, value] of Object.entries(attributes)) query.setAttribute(name, value);
  query.addEventListener("keydown", key);
  query.addEventListener("blur", () => show(false));
  query.addEventListener("htmx:configRequest", event => {
    event.detail.parameters.before = asked = query.value.slice(0, query.selectionStart);
  });
  list.addEventListener("htmx:afterSwap", () => {
    answered = asked;
    show(options().length > 0 && document.activeElement === query);
  });
  list.addEventListener("mousedown", event => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();  // the query keeps the focus
    if (option) complete(option);
  });

  const slider = document.getElementById("days"), day = document.getElementById("at");
  if (slider) {
    const text = () => {
      if (slider.value === slider.max) return "";
      const instant = new Date(slider.dataset.first + "T00:00:00Z");
      instant.setUTCDate(instant.getUTCDate() + Number(slider.value));
      return instant.toISOString().slice(0, 10);
    };
    const tell = () => slider.setAttribute("aria-valuetext", text() || "now");
    slider.addEventListener("input", () => { day.type = "date"; day.value = text(); tell(); });
    tell();
    slider.closest(".days").hidden = false;
  }
})();
