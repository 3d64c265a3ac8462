// What is on the sheet, to take away: as the editor sees it, threshold, filter and corrections included.
import { here, label } from "./sheet.js";

// A cell that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises.
const cell = (value) => {
  const text = String(value ?? "");
  return `"${(/^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

const xml = (text) => String(text)
  .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
  .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

export function csv(answers) {
  const names = Object.keys(answers[0] ?? {});
  const lines = [names.map(cell), ...answers.map((answer) => names.map((name) => cell(answer[name])))];
  return `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`; // the mark tells spreadsheets that it is UTF-8
}

export const json = (answers) => `${JSON.stringify(answers, null, 1)}\n`;

export function rss(answers, title, link) {
  const items = answers.map((answer) => {
    const named = answer.label ? `<category domain="${xml(link)}">${xml(answer.label)}</category>` : "";
    const coded = answer.iptc ? `<category domain="https://cv.iptc.org/newscodes/mediatopic/">${xml(answer.iptc)}</category>` : "";
    return `<item><title>${xml(answer.headline)}</title><description>${xml(answer.headline)}</description>${named}${coded}</item>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>${xml(title)}</title><link>${xml(link)}</link>`
    + `<description>${xml(title)}</description>\n${items.join("\n")}\n</channel></rss>\n`;
}

function answers(rows, topics) {
  return rows.filter((row) => !row.hidden).map((row) => {
    const own = label(row);
    return {
      headline: row.dataset.headline,
      label: own,
      confidence: Number(Number(row.dataset.confidence).toFixed(6)),
      reason: own ? null : row.dataset.state,
      iptc: own ? topics.get(own).iptc : null,
      corrected: Boolean(row.dataset.corrected),
    };
  });
}

function download(name, type, text) {
  const link = Object.assign(document.createElement("a"), { download: name, href: URL.createObjectURL(new Blob([text], { type })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// The clipboard of a page without https is reached by way of a field.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("not copied");
}

export function exporting(rows, topics, texts, say) {
  const site = here(".");
  const lines = (found) => found.map((one) => `${one.label ? topics.get(one.label).name : texts[one.reason]}\t${one.headline}`).join("\n");
  const ways = {
    copy: (found) => copy(lines(found)).then(() => texts.copied, () => texts.copy_failed),
    csv: (found) => download("headlines.csv", "text/csv", csv(found)),
    json: (found) => download("headlines.json", "application/json", json(found)),
    rss: (found) => download("headlines.rss", "application/rss+xml", rss(found, texts.title, site)),
  };
  for (const button of document.querySelectorAll("[data-export]")) {
    const name = button.textContent;
    button.addEventListener("click", async () => {
      const told = await ways[button.dataset.export](answers(rows, topics));
      if (!told) return;
      say(told);
      button.textContent = told; // also for who sees
      setTimeout(() => { button.textContent = name; }, 2000);
    });
  }
}
