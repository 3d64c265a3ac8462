// The page works without scripts; these make it answer at once. Headlines are only ever handled as text.
import { correcting } from "./correct.js";
import { exporting } from "./export.js";
import { here, sheet } from "./sheet.js";

const root = document.documentElement;
const texts = JSON.parse(document.body.dataset.texts);
const form = document.getElementById("ticker");
const status = document.getElementById("status");
let latest = null;

const say = (text) => { status.textContent = text; };

function enhance() {
  const rows = [...document.querySelectorAll("#rows > .row")];
  if (!rows.length) return;
  const topics = new Map([...document.getElementById("topics").content.children]
    .map((one) => [one.value, { name: one.textContent, iptc: one.dataset.iptc || null, colour: one.className }]));
  const board = sheet(rows, texts, say);
  correcting(rows, topics, texts, say, board.update);
  exporting(rows, topics, texts, say);
}

// The server renders all results, with scripts as without: they are sent for and put in place.
async function send(data) {
  latest?.abort();
  latest = new AbortController();
  const place = document.getElementById("sheet");
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(here(form.getAttribute("action")), { method: "POST", body: data, signal: latest.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("sheet");
    if (!found) throw new TypeError("no page");
    place.replaceWith(document.adoptNode(found));
    const text = page.getElementById("text");
    if (answer.ok && text) form.elements.text.value = text.value;
    form.elements.text.scrollTop = 0;
    form.elements.file.value = "";
    enhance();
    if (found.getBoundingClientRect().top > window.innerHeight / 2) found.scrollIntoView(); // on a phone it is below
  } catch (error) {
    if (error.name === "AbortError") return;
    place.removeAttribute("aria-busy");
    say(texts.unreachable);
    const told = Object.assign(document.createElement("p"), { className: "problem", textContent: texts.unreachable });
    told.setAttribute("role", "alert");
    place.querySelector(".problem")?.remove();
    place.prepend(told);
  }
}

function sendFile(file) {
  const data = new FormData(form);
  data.set("file", file);
  send(data);
}

function listen() {
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return; // another language is another page
    event.preventDefault();
    send(new FormData(form, event.submitter));
  });
  form.elements.text.addEventListener("paste", () => setTimeout(() => form.requestSubmit()));
  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.elements.file.addEventListener("change", () => form.elements.file.files.length && form.requestSubmit());
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("dropping"));
  document.addEventListener("drop", (event) => {
    form.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    sendFile(file);
  });
}

root.classList.add("scripts");
if (form) {
  listen();
  enhance();
}
