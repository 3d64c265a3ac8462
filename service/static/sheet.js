// The threshold and the filter: what would be labelled at once, and what is shown.

// A page opened as https://name:key@... may not fetch by such an address again.
export const here = (path) => new URL(path, location.origin + location.pathname).href;

export function percent(texts, share) {
  const told = share >= 0.995 && share < 1 ? "> 99" : String(Math.round(share * 100)).replace("-", "−");
  return texts.percent.replace("{}", told);
}

// The answer a row has now: a correction, or what its confidence allows.
export function label(row) {
  if (row.dataset.corrected) return row.dataset.corrected;
  return row.dataset.state === "labelled" ? row.dataset.best : null;
}

export function sheet(rows, texts, say) {
  const slider = document.getElementById("threshold");
  const filters = [...document.querySelectorAll("[data-filter]")];
  const own = Number(slider.dataset.own);
  let shown = "";

  // The slider has hundredths, the model's own threshold is finer.
  const threshold = () => (slider.value === slider.dataset.ownAt ? own : Number(slider.value) / 100);

  function mark() {
    const least = threshold();
    const above = [];
    for (const row of rows) {
      const sure = !row.dataset.reason && Number(row.dataset.confidence) >= least;
      if (sure) above.push(Number(row.dataset.confidence));
      row.dataset.state = row.dataset.corrected ? "corrected" : sure ? "labelled" : row.dataset.reason || "uncertain";
      row.querySelector(".tick").setAttribute("x", Math.min(99, least * 100));
    }
    const mean = above.length ? percent(texts, above.reduce((a, b) => a + b) / above.length) : "—";
    const labelled = rows.filter((row) => label(row)).length;
    document.querySelector("#threshold-told bdi").textContent = percent(texts, least);
    document.getElementById("labelled").textContent = labelled;
    document.getElementById("unlabelled").textContent = rows.length - labelled;
    document.getElementById("expected").textContent = mean;
    return `${texts.count_labelled} : ${labelled}. ${texts.count_none} : ${rows.length - labelled}. ${texts.expected} : ${mean}.`;
  }

  function filter() {
    // A row that is being worked on stays in sight, whatever it is corrected to.
    const held = document.activeElement?.closest(".row");
    for (const row of rows) row.hidden = shown !== "" && (label(row) ?? "-") !== shown && row !== held;
    for (const button of filters) {
      const wanted = button.dataset.filter;
      const found = wanted ? rows.filter((row) => (label(row) ?? "-") === wanted).length : rows.length;
      button.querySelector("b").textContent = found;
      button.setAttribute("aria-pressed", String(wanted === shown));
    }
    document.getElementById("no-match").hidden = rows.some((row) => !row.hidden);
    // One row is always within reach of the Tab key.
    if (!rows.some((row) => !row.hidden && row.tabIndex === 0)) {
      const first = rows.find((row) => !row.hidden);
      if (first) first.tabIndex = 0;
    }
  }

  function update() {
    const told = mark();
    filter();
    return told;
  }

  slider.addEventListener("input", update);
  slider.addEventListener("change", () => say(update()));
  for (const button of filters) {
    button.addEventListener("click", () => {
      shown = button.dataset.filter;
      filter();
    });
  }
  say(update());
  return { update };
}
