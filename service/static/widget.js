// <headline-topic>: suggests a headline's topic while it is written, in any page that loads this one file.
//
//   <script type="module" src="https://topics.example/widget.js"></script>
//   <input id="title"> <headline-topic for="title" name="topic"></headline-topic>
//
// Attributes: service (where it is asked; where this file is from), for (id of the field to watch; an input of its own
// without one), key (API key, better set as property), name (in its form), lang (fr, en, es, ar; that of the page),
// delay (milliseconds after the last letter, 300), auto (a suggestion counts as value before it is accepted).
// Event `headline-topic`, detail {headline, label, confidence, accepted, corrected}: suggested, accepted or corrected.

const HERE = new URL(".", import.meta.url).href;
const TEXTS = {
  fr: { field: "Titre", suggested: "Rubrique proposée", none: "Pas de proposition", accept: "Accepter", chosen: "Rubrique retenue",
    choose: "Choisir la rubrique", failed: "Pas de proposition : le service ne répond pas", percent: "{} %", best: "au mieux" },
  en: { field: "Headline", suggested: "Suggested topic", none: "No suggestion", accept: "Accept", chosen: "Topic chosen",
    choose: "Choose the topic", failed: "No suggestion: the service does not answer", percent: "{}%", best: "at best" },
  es: { field: "Titular", suggested: "Sección propuesta", none: "Sin propuesta", accept: "Aceptar", chosen: "Sección elegida",
    choose: "Elegir la sección", failed: "Sin propuesta: el servicio no responde", percent: "{} %", best: "a lo sumo" },
  ar: { field: "العنوان", suggested: "الموضوع المقترح", none: "لا اقتراح", accept: "قبول", chosen: "الموضوع المختار",
    choose: "اختيار الموضوع", failed: "لا اقتراح: الخدمة لا تجيب", percent: "{}%", best: "على الأرجح" },
};

// A sheet made by script needs no leave of the page's Content-Security-Policy.
const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
  :host { display: inline-flex; flex-wrap: wrap; gap: .4em .6em; align-items: center; font: inherit; line-height: 1.4; }
  :host([hidden]) { display: none; }
  input, button, select { font: inherit; color: inherit; background: transparent; border: 1px solid currentColor; border-radius: 3px;
    padding: .15em .6em; min-height: 1.75em; max-width: 100%; box-sizing: border-box; }
  select option { color: CanvasText; background: Canvas; }
  button { cursor: pointer; }
  input { flex: 1 1 20em; }
  :focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
  p { margin: 0; }
  b { font-weight: 650; }
  [hidden] { display: none; }
`);

const make = (tag, about = {}) => Object.assign(document.createElement(tag), about);

class HeadlineTopic extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = ["for", "lang", "service", "key"];

  #internals = this.attachInternals();
  #root = this.attachShadow({ mode: "open", delegatesFocus: true });
  #field = make("input", { type: "text", dir: "auto" });
  #told = make("p", { role: "status" });
  #accept = make("button", { type: "button", hidden: true });
  #select = make("select", { hidden: true });
  #key = null;
  #listened = null; // the document or shadow root whose input is listened to
  #timer = 0;
  #asking = null;
  #topics = null;
  #headline = "";
  #suggested = null;
  #chosen = null;
  #corrected = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [STYLE];
    this.#told.setAttribute("part", "suggestion");
    this.#root.append(this.#field, this.#told, this.#accept, this.#select);
    this.#field.addEventListener("input", () => this.#write(this.#field.value));
    this.#accept.addEventListener("click", () => this.#choose(this.#suggested.label, false));
    this.#select.addEventListener("change", () => this.#choose(this.#select.value, true));
  }

  get key() { return this.#key ?? this.getAttribute("key"); }
  set key(key) { this.#key = key; this.#again(); }
  get name() { return this.getAttribute("name"); }
  get form() { return this.#internals.form; }
  get service() { return new URL(this.getAttribute("service") ?? HERE, document.baseURI).href.replace(/\/?$/, "/"); }
  /** The label accepted or chosen, or with `auto` the one suggested; an empty text without any. */
  get value() { return this.#chosen ?? (this.hasAttribute("auto") && this.#suggested?.label) ?? ""; }

  connectedCallback() {
    // The whole document is listened to, so a field may come later, or be replaced.
    this.#listened = this.getRootNode();
    this.#listened.addEventListener("input", this);
    this.#again();
  }

  disconnectedCallback() {
    this.#listened.removeEventListener("input", this);
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  attributeChangedCallback() { if (this.isConnected) this.#again(); }
  formDisabledCallback(disabled) { for (const one of [this.#field, this.#accept, this.#select]) one.disabled = disabled; }

  formResetCallback() {
    this.#chosen = null;
    this.#corrected = false;
    this.#field.value = "";
    // Fields are reset one after another; the one watched may be later than this one.
    queueMicrotask(() => this.#again());
  }

  handleEvent(event) {
    if (this.hasAttribute("for") && event.target.id === this.getAttribute("for")) this.#write(event.target.value);
  }

  get #lang() {
    const tag = this.lang || this.closest("[lang]")?.lang || navigator.language;
    return Object.keys(TEXTS).find((known) => known === tag.slice(0, 2).toLowerCase()) ?? "fr";
  }

  get #texts() { return TEXTS[this.#lang]; }

  #again() {
    this.#topics = null;
    this.#headline = "";
    this.#suggested = null;
    const watched = this.hasAttribute("for");
    this.#field.hidden = watched;
    this.#field.setAttribute("aria-label", this.#texts.field);
    this.#field.placeholder = this.#texts.field;
    this.#select.setAttribute("aria-label", this.#texts.choose);
    this.#root.host.dir = this.#lang === "ar" ? "rtl" : "ltr";
    this.#accept.textContent = this.#texts.accept;
    this.#show();
    this.#write(watched ? (this.#listened?.getElementById?.(this.getAttribute("for"))?.value ?? "") : this.#field.value);
  }

  #write(text) {
    const headline = text.trim();
    if (headline === this.#headline) return;
    this.#headline = headline;
    clearTimeout(this.#timer);
    this.#asking?.abort(); // what was asked about is no longer there
    if (!headline) {
      this.#suggested = this.#chosen = null; // the next headline is another one
      this.#corrected = false;
      this.#show();
      return;
    }
    this.#timer = setTimeout(() => this.#suggest(headline), Number(this.getAttribute("delay") ?? 300));
  }

  async #suggest(headline) {
    const asking = this.#asking = new AbortController();
    try {
      this.#topics ??= (await this.#ask("v1/model", { signal: asking.signal })).topics;
      const body = JSON.stringify({ headlines: [headline] });
      const headers = { "Content-Type": "application/json" };
      const { results } = await this.#ask("v1/classify", { method: "POST", body, headers, signal: asking.signal });
      if (asking.signal.aborted) return;
      this.#suggested = results[0];
      this.#show();
      this.#tell(results[0].label, false);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.#suggested = null;
      this.#show();
      this.#told.textContent = `${this.#texts.failed}${error.status ? ` (${error.status})` : ""}.`;
    }
  }

  async #ask(path, options) {
    const headers = { ...options.headers, ...(this.key && { Authorization: `Bearer ${this.key}` }) };
    const answer = await fetch(this.service + path, { ...options, headers, credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
    return answer.json();
  }

  #choose(label, corrected) {
    this.#chosen = label;
    this.#corrected = corrected && label !== this.#suggested?.label;
    if (this.#root.activeElement === this.#accept) this.#select.focus(); // the button goes away
    this.#show();
    this.#tell(label, true);
  }

  #tell(label, decided) {
    const detail = {
      headline: this.#headline,
      label,
      confidence: this.#suggested?.confidence ?? null,
      accepted: decided && !this.#corrected,
      corrected: decided && this.#corrected,
    };
    this.dispatchEvent(new CustomEvent("headline-topic", { detail, bubbles: true, composed: true }));
  }

  #name(label) { return this.#topics?.find((topic) => topic.label === label)?.names[this.#lang] ?? label; }

  #show() {
    const [texts, suggested, chosen] = [this.#texts, this.#suggested, this.#chosen];
    const parts = [];
    if (chosen) parts.push(`${texts.chosen} : `, make("b", { textContent: this.#name(chosen) }));
    if (suggested && suggested.label !== chosen) {
      const hundredths = suggested.confidence >= 0.995 ? "> 99" : Math.round(suggested.confidence * 100);
      const share = make("bdi", { textContent: texts.percent.replace("{}", hundredths) });
      const best = suggested.label ?? Object.entries(suggested.probabilities).sort((a, b) => b[1] - a[1])[0][0];
      const name = make(suggested.label ? "b" : "span", { textContent: this.#name(best) });
      if (parts.length) parts.push(" · ");
      if (suggested.label) parts.push(`${texts.suggested} : `, name, " ", share);
      else if (suggested.reason === "unfamiliar") parts.push(texts.none);
      else parts.push(`${texts.none} (${texts.best} `, name, " ", share, ")");
    }
    this.#told.replaceChildren(...parts);
    this.#accept.hidden = !suggested?.label || suggested.label === chosen;
    this.#select.hidden = !this.#topics || !(suggested || chosen);
    const empty = make("option", { value: "", textContent: `${texts.choose}…`, disabled: true });
    this.#select.replaceChildren(empty, ...(this.#topics ?? []).map(({ label }) => make("option", { value: label, textContent: this.#name(label) })));
    this.#select.value = chosen ?? "";
    this.#internals.setFormValue(this.value || null);
  }
}

customElements.define("headline-topic", HeadlineTopic);
