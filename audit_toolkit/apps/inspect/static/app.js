// The whole: where one is, what is shown, what happens at each press.

const LIST_AGAIN_MS = 60000;
const LANGUAGE_NAMES = { zh: "中文", en: "English" };
const HTML_LANGUAGE = { zh: "zh-CN", en: "en" };

/** The language that was chosen on any page of the server, else the browser's. */
function firstLanguage() {
  const kept = /(?:^|; )audit-language=(\w+)/.exec(document.cookie)?.[1];
  if (kept in LANGUAGE_NAMES) return kept;
  return navigator.language?.startsWith("zh") ? "zh" : "en";
}

class App {
  constructor(model, root) {
    const page = model.get("page");
    this.form = page.form;
    this.place = page.place;
    this.words = new Words(page.words, firstLanguage());
    this.root = root;
    this.link = new Link(model, (state) => this._lineChanged(state), () => this._reload());
    this.keep = new Keep(page.round, page.person);
    this.records = new Records(this.link, this.keep, new PhotoKeep(this.keep.prefix), (r, a) => this._changed(r, a));
    this.findings = new Map();
    this.photosOf = new Map();
    this.touched = new Map();
    this.addresses = new Map();
    this.page = null;
    this.byPointer = false;
    this._takeList(page.list);
    this._build();
    this.here = this._placeBefore();
    this.render();
    this._watch();
    this.records.loadPictures().then(() => {
      this.render({ focus: false });
      this.records.sendAll();
    });
    if (this.here.screen === "visit") this._lookInStore(this.here.id);
  }

  // -- frame

  _build() {
    this.header = h("header", {});
    this.main = h("main", { id: "inspect-main" });
    this.footer = h("footer", {});
    this.action = h("div", { class: "action" });
    this.status = h("p", { class: "status" });
    // Told aloud only when the line comes or goes, not at every save.
    this.spoken = h("p", { class: "visually-hidden", role: "status" });
    this.footer.append(this.action, this.status, this.spoken);
    this.root.classList.add("inspect", "jupyter-widgets");
    this.root.replaceChildren(this.header, this.main, this.footer);
  }

  _watch() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    const on = (target, name, act, capture = false) => target.addEventListener(name, act, { signal, capture });
    on(this.root, "pointerdown", () => (this.byPointer = true), true);
    on(this.root, "keydown", () => (this.byPointer = false), true);
    on(this.root, "compositionstart", () => (this.records.composing = true), true);
    on(this.root, "compositionend", () => {
      this.records.composing = false;
      this.records.sendAll();
    }, true);
    on(window, "online", () => this.link._probe());
    on(window, "pagehide", () => this.records.sendAll());
    on(window, "storage", (event) => this._otherTab(event));
    this.clock = setInterval(() => this._refreshList(), LIST_AGAIN_MS);
  }

  close() {
    this.abort.abort();
    clearInterval(this.clock);
    this.link.close();
  }

  _placeBefore() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(`${this.keep.prefix}here`));
      if (kept?.screen === "visit" && this._visit(kept.id) && kept.step !== "loading") return kept;
    } catch {
      // Nothing kept: begin with the list.
    }
    return { screen: "list" };
  }

  _rememberPlace() {
    try {
      sessionStorage.setItem(`${this.keep.prefix}here`, JSON.stringify(this.here));
    } catch {
      this.keep.failed = true;
    }
  }

  _reload() {
    for (const record of this.records.records.values()) this.keep.put(`visit|${record.id}`, record);
    this._rememberPlace();
    location.reload();
  }

  // -- what is known

  _takeList(list) {
    this.villages = list.villages;
    this.visits = list.visits;
    this.progress = new Map(list.progress.map((p) => [p.assignment_id, p]));
  }

  _visit(id) {
    return this.visits.find((v) => v.assignment_id === id) ?? null;
  }

  async _refreshList() {
    if (this.link.state !== "up" || this.here.screen !== "list") return;
    try {
      this._takeList(await this.link.call("list"));
      this.render({ focus: false });
    } catch (refusal) {
      if (!refusal?.lost) this._tell(refusal);
    }
  }

  touchedOf(id) {
    if (!this.touched.has(id)) this.touched.set(id, new Set());
    return this.touched.get(id);
  }

  questionText(code) {
    return this.words.of(this.form.questions.find((q) => q.code === code)) || code;
  }

  problemText(problem) {
    const tidy = (text) => (text && /^-?\d/.test(text) ? this.words.number(text) : text);
    return this.words.say(`check-${problem.code}`, {
      got: tidy(problem.got),
      limit: tidy(problem.limit),
      total: tidy(problem.total),
      whole: problem.whole ? this.questionText(problem.whole) : "",
    });
  }

  pictureAddress(photo) {
    if (!this.addresses.has(photo.id)) this.addresses.set(photo.id, URL.createObjectURL(photo.blob));
    return this.addresses.get(photo.id);
  }

  // -- showing

  setFilter(filter) {
    this.filter = filter;
    this.render({ focus: false });
    this.main.querySelector(".filters [aria-pressed=true]")?.focus();
  }

  switchLanguage(language) {
    this.words.language = language;
    if (document.body.dataset.voila) {
      const path = new URL("../", location.href).pathname;
      document.cookie = `audit-language=${language}; path=${path}; max-age=31536000; samesite=lax`;
    }
    this._renderQuietly();
  }

  _renderSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.here.screen === "list" && this._renderQuietly(), 100);
  }

  /** Show anew, with the focus and the cursor where they were. */
  _renderQuietly() {
    const active = document.activeElement;
    const inside = this.root.contains(active);
    const spot = inside && (active.id ? `#${CSS.escape(active.id)}` : this._spotOf(active));
    const from = inside && active.selectionStart !== undefined ? active.selectionStart : null;
    const touched = this.page && { tried: this.page.tried, askedBack: this.page.askedBack };
    this.render({ focus: false });
    if (touched && this.page) {
      Object.assign(this.page, touched);
      this.page.refresh();
    }
    const again = spot && this.root.querySelector(spot);
    if (!again) return;
    again.focus({ preventScroll: true });
    if (from !== null && again.setSelectionRange && again.type === "text") again.setSelectionRange(from, from);
  }

  _spotOf(element) {
    for (const name of ["data-visit", "data-language", "data-way", "data-outcome"]) {
      const value = element.getAttribute(name);
      if (value) return `[${name}="${CSS.escape(value)}"]`;
    }
    if (element.type === "radio") return `input[name="${element.name}"][value="${element.value}"]`;
    return null;
  }

  _showStatus() {
    const text = statusText(this);
    if (this.status.textContent !== text) this.status.textContent = text;
    this.status.classList.toggle("warn", this.keep.failed || this.link.state !== "up");
  }

  render({ focus = true } = {}) {
    this.root.lang = HTML_LANGUAGE[this.words.language];
    if (document.body.dataset.voila) document.documentElement.lang = this.root.lang;
    this.page = null;
    this._rememberPlace();
    this.header.replaceChildren(...headerParts(this));
    this.main.replaceChildren(this._screen());
    this.action.replaceChildren(...actionParts(this));
    this.footer.classList.toggle("bare", !this.action.childElementCount);
    this._showStatus();
    if (!focus) return;
    this.root.scrollIntoView({ block: "start" });
    this.main.querySelector("h1")?.focus({ preventScroll: true });
  }

  _screen() {
    if (this.here.screen === "list") return listScreen(this);
    const { id, step } = this.here;
    const visit = this._visit(id);
    const record = this.records.get(id);
    if (step === "loading") return h("section", {}, h("h1", { tabindex: "-1" }, householdWords(this, visit).title), h("p", { role: "status" }, this.words.say("loading")));
    if (step === "cannot") return cannotScreen(this, visit);
    if (step === "done") return doneScreen(this, visit, record);
    if (!record || step === "start") return startScreen(this, visit);
    if (step === "conflict") return conflictScreen(this, visit, record);
    if (step === "check") return checkScreen(this, visit, record);
    if (this.form.sections.some((s) => s.code === step)) return sectionScreen(this, record, step);
    return tasksScreen(this, visit, record);
  }
}

Object.assign(App.prototype, GOING, VISITING, HAPPENING);

export default {
  render({ model, el }) {
    const app = new App(model, el);
    return () => app.close();
  },
};
