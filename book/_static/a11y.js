// What the theme leaves unsaid to screen readers (WCAG 2.2 AA, found with axe-core).
document.addEventListener("DOMContentLoaded", () => {
  // 2.5.3: the words on a button are part of its name.
  document.querySelectorAll(".search-button-field[aria-label]")
    .forEach((button) => button.removeAttribute("aria-label"));

  const root = document.documentElement;
  const names = { light: "Light", dark: "Dark", auto: "System Settings" };
  const nameModes = () => document.querySelectorAll(".theme-switch-button").forEach((button) =>
    button.setAttribute("aria-label", `Color mode: ${names[root.dataset.mode] || names.auto}`));
  new MutationObserver(nameModes).observe(root, { attributes: true, attributeFilter: ["data-mode"] });
  nameModes();

  // 1.3.1: docutils gives a list role to what holds no list items.
  document.querySelectorAll(".citation-list[role=list], .citation[role=doc-biblioentry]")
    .forEach((entry) => entry.removeAttribute("role"));

  // The book's title stands outside every landmark.
  const title = document.querySelector(".sidebar-primary-items__start > .sidebar-primary-item:first-child");
  if (title) {
    title.setAttribute("role", "navigation");
    title.setAttribute("aria-label", "Start of the book");
  }

  // 2.1.1: what scrolls sideways is reached by keyboard.
  document.querySelectorAll(".highlight > pre, .pnn-table, .cell_output .output.text_html")
    .forEach((box) => { if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; });
});
