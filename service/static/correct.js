// Moving and correcting, by keyboard, mouse and touch. A correction counts once the service has acknowledged it.

import { here } from "./sheet.js";

const PLACE = here("v1/corrections");

// `crypto.randomUUID` wants https, which a newsroom's own network may not have.
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// The same id again is the same correction, so one that may have been lost on the way is simply sent again.
async function ask(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    return fetch(url, options);
  }
}

function post(correction) {
  return ask(PLACE, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(correction) });
}

export function correcting(rows, topics, texts, say, update) {
  const list = document.getElementById("rows");
  let chooser = document.getElementById("choose")?.content.firstElementChild.cloneNode(true);
  const labels = [...topics.keys()];
  const version = document.getElementById("board").dataset.version;
  const kept = new Map(); // row -> its correction in force
  const unanswered = new Map(); // row -> what was sent and may have arrived, to be sent as the same again
  const done = []; // what can be undone: rows and what they had before
  let busy = Promise.resolve(); // one after another, in the order the editor decided

  const fill = (text, told) => text.replace(/\{(\w+)\}/g, (_, name) => told[name] ?? "");

  function tell(row, status, text, undoable = false) {
    const place = row.querySelector(".said");
    place.dataset.status = status;
    place.replaceChildren(text);
    if (undoable) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "undo", textContent: texts.undo });
      place.append(" ", button);
    }
    say(text);
  }

  function show(row, correction) {
    if (correction) row.dataset.corrected = correction.label;
    else delete row.dataset.corrected;
    const topic = topics.get(correction ? correction.label : row.dataset.best);
    row.className = row.className.replace(/\bt\d\b/, topic.colour);
    row.querySelector(".topic").textContent = topic.name;
    update();
  }

  function close() {
    chooser?.closest(".row")?.querySelector(".fix").setAttribute("aria-expanded", "false");
    chooser?.remove();
  }

  function hide() {
    close();
    chooser = null;
    for (const row of rows) row.querySelectorAll(".fix, .said").forEach((one) => one.remove());
  }

  // Returns what went wrong, or null.
  async function refusal(answer) {
    if (answer.ok) return null;
    const told = await answer.json().catch(() => ({}));
    return fill(texts.failed, { detail: told.detail ?? answer.status });
  }

  async function decide(row, wanted) {
    const before = kept.get(row);
    if (before?.label === wanted || !chooser) return;
    tell(row, "sending", texts.sending);
    const replaces = before?.label ?? row.dataset.best;
    let correction = unanswered.get(row);
    if (correction?.label !== wanted) correction = { id: uuid(), headline: row.dataset.headline, label: wanted, version, replaces };
    unanswered.set(row, correction);
    const answer = await post(correction);
    unanswered.delete(row);
    if (answer.status === 404) return hide();
    const wrong = await refusal(answer);
    if (wrong) return tell(row, "failed", wrong, kept.has(row));
    const told = await answer.json();
    kept.set(row, told);
    done.push([row, before]);
    show(row, told);
    tell(row, told.status, fill(texts[told.status] ?? told.status, told), true);
  }

  async function undo(only) {
    const at = done.findLastIndex(([row]) => !only || row === only);
    if (at < 0) return;
    const [row, before] = done[at];
    const now = kept.get(row);
    // What replaced a correction is replaced by it again; what was the first is taken back.
    const again = before && { id: uuid(), headline: before.headline, label: before.label, version, replaces: now.label };
    const answer = await (again ? post(again) : ask(`${PLACE}/${encodeURIComponent(now.id)}`, { method: "DELETE" }));
    const gone = !again && answer.status === 404; // the first answer was lost on the way
    const wrong = gone ? null : await refusal(answer);
    if (wrong) return tell(row, "failed", wrong, true);
    done.splice(at, 1);
    const restored = again ? await answer.json() : null;
    if (restored) kept.set(row, restored);
    else kept.delete(row);
    show(row, restored);
    if (restored) tell(row, restored.status, fill(texts[restored.status] ?? restored.status, restored), true);
    else tell(row, "undone", texts.undone);
    if (!only && !row.hidden) focus(row);
  }

  function queue(row, work) {
    busy = busy.then(work).catch(() => tell(row, "failed", texts.unreachable, kept.has(row)));
  }

  function focus(row) {
    for (const one of rows) reach(one, one === row);
    row.focus();
  }

  function reach(row, within) {
    row.tabIndex = within ? 0 : -1;
    row.querySelectorAll("button").forEach((button) => { button.tabIndex = within ? 0 : -1; });
  }

  function move(row, by) {
    const seen = rows.filter((one) => !one.hidden);
    const at = Math.max(0, Math.min(seen.length - 1, Math.abs(by) === Infinity ? by : seen.indexOf(row) + by));
    if (seen[at]) focus(seen[at]);
  }

  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".row");
    const command = event.ctrlKey || event.metaKey;
    if (event.altKey || (command && event.key !== "z")) return;
    // By the place of the key: a French keyboard has & where others have 1, an Arabic one no U.
    const wanted = labels[Number(/^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1]) - 1];
    const undoes = event.code === "KeyU" || event.key.toLowerCase() === "u" || (event.key === "z" && command);
    if (event.key in moves && event.target === row) move(row, moves[event.key]);
    else if (chooser && wanted && !command) { close(); row.focus(); queue(row, () => decide(row, wanted)); }
    else if (chooser && undoes) queue(row, () => undo());
    else if (event.key === "Escape" && chooser?.isConnected) { close(); row.focus(); }
    else return;
    event.preventDefault();
  });

  list.addEventListener("focusin", (event) => {
    const row = event.target.closest(".row");
    for (const one of rows) reach(one, one === row);
  });

  list.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".undo")) { row.focus(); queue(row, () => undo(row)); }
    else if (button.matches(".fix")) {
      const open = chooser.closest(".row") === row;
      close();
      if (open) return;
      row.querySelector(".said").before(chooser);
      button.setAttribute("aria-expanded", "true");
      reach(row, true);
      chooser.firstElementChild.focus();
    } else if (button.dataset.label) {
      close();
      row.focus();
      queue(row, () => decide(row, button.dataset.label));
    }
  });

  rows.forEach((row, i) => reach(row, i === 0));
  list.querySelectorAll(".fix").forEach((button) => button.setAttribute("aria-expanded", "false"));
}
