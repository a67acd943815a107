"use strict";
// Filters over the answers. Without JavaScript the page is whole; only the filters are missing.
(() => {
  const form = document.getElementById("filters");
  const items = [...document.querySelectorAll("#list > details")];
  const count = document.getElementById("count");
  const button = document.getElementById("open-all");
  const whole = count.textContent;
  if (items.length < 2) return;
  form.hidden = false;

  const matches = (item, want, words) =>
    ["kind", "outcome", "language", "trouble"].every(
      (key) => !want.get(key) || item.dataset[key] === want.get(key),
    ) && words.every((word) => item.textContent.toLowerCase().includes(word));

  const apply = () => {
    const want = new FormData(form);
    const words = (want.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      item.hidden = !matches(item, want, words);
      if (!item.hidden) shown += 1;
    }
    count.textContent = shown === items.length ? whole : `${shown} of ${items.length} questions.`;
  };

  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") !== "true";
    for (const item of items) if (!item.hidden) item.open = open;
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Close all" : "Open all";
  });
})();
