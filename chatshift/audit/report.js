/* The report's page: a filter by finding, and the views of its examples. */
const data = JSON.parse(document.getElementById("data").textContent);

for (const place of document.querySelectorAll("[data-view]")) {
  const [name, key] = place.dataset.view.split(" ");
  place.replaceChildren();
  chatshiftViews.mount(place, name, data[key]);
}

const filter = document.querySelector(".filter");
if (filter) {
  filter.hidden = false;
  filter.addEventListener("click", (event) => {
    const chosen = event.target.closest("button");
    if (!chosen) return;
    for (const button of filter.children) {
      button.setAttribute("aria-pressed", String(button === chosen));
    }
    const id = chosen.dataset.id;
    let shown = 0;
    for (const item of document.querySelectorAll("[data-ids]")) {
      item.hidden = id !== "" && !item.dataset.ids.split(" ").includes(id);
      shown += item.matches("article") && !item.hidden;
    }
    document.getElementById("shown").textContent = `${shown} shown`;
  });
}
