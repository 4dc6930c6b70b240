// The whole: where one is, what is shown, what happens at each press.

const GO_ON_MS = 250;
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

  // -- going from page to page

  goList() {
    this.here = { screen: "list" };
    this.page = null;
    this.render();
    this._refreshList();
  }

  goStep(step, { focus = true } = {}) {
    this.here = { ...this.here, step };
    this.render({ focus });
  }

  goQuestion(code) {
    const question = this.form.questions.find((q) => q.code === code);
    if (!question) return;
    this.goStep(question.section, { focus: false });
    this.page.parts.get(code)?.focus();
  }

  openVisit(id) {
    const record = this.records.get(id);
    const progress = this.progress.get(id);
    let step = "start";
    if (record?.pending) step = "done";
    else if (record) step = record.conflict ? "conflict" : record.refused ? "check" : "tasks";
    else if (progress?.version && progress.draft_of < progress.version) step = "done";
    else if (progress?.draft_at) step = "loading";
    else if (progress?.version) step = "done";
    this.here = { screen: "visit", id, step };
    this.render();
    this._lookInStore(id);
  }

  /** Bring together what this device holds and what the store holds of a visit. */
  async _lookInStore(id) {
    let kept;
    try {
      kept = await this.link.call("open", { assignment_id: id });
    } catch (refusal) {
      if (this.here.id === id && this.here.step === "loading") this._tell(refusal);
      return;
    }
    this.photosOf.set(id, kept.photos);
    if (kept.finding) this._keepFinding(kept.finding);
    const version = kept.finding?.version ?? 0;
    const draft = kept.draft && kept.draft.of_version === version ? kept.draft : null;
    const record = this.records.get(id);
    if (record) this._compare(record, kept.finding, draft);
    else if (draft) this.records.begin(id, { draft });
    if (this.here.id !== id) return;
    if (this.here.step === "loading") this.goStep(this.records.get(id) ? "tasks" : version ? "done" : "start");
    else if (record?.conflict) this.goStep("conflict");
    else if (this.here.step !== "start" || draft) this._renderQuietly();
  }

  _compare(record, finding, draft) {
    const unsaved = this.records.isUnsaved(record) || record.pending;
    if (finding && finding.version > record.of && !record.pending) {
      if (!unsaved) return this.records.drop(record.id);
      record.conflict = { finished: true };
      record.other = { answers: finding.answers, version: finding.version, at: finding.server_at, finished: true };
      return this.records.note(record);
    }
    if (!draft) return undefined;
    if (draft.writer === record.writer) {
      record.base = Math.max(record.base, draft.sequence);
      record.saved = Math.max(record.saved, Math.min(draft.number, record.rev));
    } else if (draft.sequence !== record.base) {
      if (unsaved) {
        record.conflict = { sequence: draft.sequence };
        record.other = { ...draft, at: draft.saved_at };
      } else {
        this.records.drop(record.id);
        this.records.begin(record.id, { draft });
      }
    }
    return undefined;
  }

  // -- one visit

  begin(visit, where) {
    const record = this.records.get(visit.assignment_id) ?? this.records.begin(visit.assignment_id);
    record.notes.consent = "given";
    this.records.touch(record);
    this.goStep(this.form.sections[0].code);
    if (where === "differs") {
      const details = this.main.querySelector("details.differs");
      if (details) {
        details.open = true;
        details.querySelector("input").focus();
      }
    }
  }

  setNote(record, name, value) {
    if (value) record.notes[name] = value;
    else delete record.notes[name];
    this.records.touch(record);
  }

  /** A page on which the last answer was tapped goes on by itself; it says so at the start. */
  maybeGoOn(page) {
    const { record } = page;
    const asked = page.asked();
    const open = openSoft(this.form, record.answers, record.notes);
    const blocked =
      asked.some((q) => !record.answers[q.code] || page.problemOf(q)) ||
      open.some((p) => asked.some((q) => q.code === p.question)) ||
      this.main.querySelector("details.differs[open]");
    if (blocked) return;
    clearTimeout(this.goingOn);
    this.goingOn = setTimeout(() => this.page === page && this.goOn(page), GO_ON_MS);
  }

  goOn(page) {
    clearTimeout(this.goingOn);
    if (page.stopAtProblems()) return;
    const asked = page.asked();
    const open = openSoft(this.form, page.record.answers, page.record.notes).filter((p) =>
      asked.some((q) => q.code === p.question),
    );
    if (open.length && !page.askedBack) {
      page.askedBack = true;
      page.tried = true;
      page.refresh();
      this.main.querySelector("button.confirm")?.focus();
      return;
    }
    const place = this.form.sections.findIndex((s) => s.code === page.section);
    this.goStep(this.form.sections[place + 1]?.code ?? "check");
    const first = this.page?.asked().find((q) => !page.record.answers[q.code]);
    // Amounts are typed: the keys are ready at once.
    if (first?.kind === "yuan") this.page.parts.get(first.code).focus();
  }

  finish() {
    const { id } = this.here;
    const record = this.records.get(id);
    const { answers, notes } = record;
    const wrong = hardProblems(this.form, answers);
    const missing = missingQuestions(this.form, answers);
    const reasonless = record.of > 0 && !record.reason?.trim();
    const entries = [
      ...wrong.map((p) => ({ text: `${this.questionText(p.question)} ${this.problemText(p)}`, target: p.question })),
      ...missing.map((q) => ({ text: this.words.of(q), target: q.code })),
      ...(reasonless ? [{ text: this.words.say("reason-missing"), target: "reason" }] : []),
    ];
    if (entries.length) return this._summarise(entries);
    if (openSoft(this.form, answers, notes).length) return this.main.querySelector("button.confirm").focus();
    const outcome = this.form.outcomes.find((o) => o.responded).code;
    const given = handedIn(this.form, answers);
    const asked = new Set(softProblems(this.form, given).map(softKey));
    const kept = Object.entries(notes).filter(([name]) => !name.startsWith("soft:") || asked.has(name));
    return this._handIn(record, { outcome, answers: given, notes: Object.fromEntries(kept), reason: record.reason ?? "" });
  }

  _summarise(entries) {
    const summary = errorSummary(this.words, this.words.say("summary-finish"), entries, (target) =>
      target === "reason" ? this.main.querySelector("#reason").focus() : this.goQuestion(target),
    );
    this.main.querySelector(".rows.open")?.remove();
    this.main.querySelector("#check-summary").replaceChildren(summary);
    summary.focus();
  }

  cannot(visit, outcome) {
    const id = visit.assignment_id;
    const record = this.records.get(id) ?? this.records.begin(id, { finding: this.findings.get(id) });
    const notes = Object.fromEntries(
      Object.entries(record.notes).filter(([name]) => ["remark", "position"].includes(name)),
    );
    const reason = record.reason || (record.of ? this.words.say("second-visit-reason") : "");
    this._handIn(record, { outcome: outcome.code, answers: {}, notes, reason });
  }

  async _handIn(record, visit) {
    const waits = this.records.finish(record, visit);
    this.goStep("done");
    const answer = await waits;
    if (answer) this._handedIn(record, answer);
  }

  _handedIn(record, answer) {
    this._keepFinding(answer.finding);
    this.records.drop(record.id);
    const visit = this._visit(record.id);
    if (visit) visit.state = "visited";
    if (this.here.id === record.id) this.goStep("done");
    else if (this.here.screen === "list") this.render({ focus: false });
  }

  _keepFinding(finding) {
    this.findings.set(finding.assignment_id, finding);
    const before = this.progress.get(finding.assignment_id);
    this.progress.set(finding.assignment_id, {
      assignment_id: finding.assignment_id,
      draft_of: 0,
      draft_at: null,
      ...before,
      version: finding.version,
      outcome: finding.outcome,
      finished_at: finding.server_at,
    });
  }

  correct(visit, reason) {
    const id = visit.assignment_id;
    const finding = this.findings.get(id);
    if (!finding) return this._tell({ words: { zh: this.words.say("needs-line"), en: this.words.say("needs-line") } });
    const record = this.records.begin(id, { finding });
    record.reason = reason;
    this.records.touch(record);
    const responded = this.form.outcomes.find((o) => o.code === finding.outcome)?.responded;
    return this.goStep(responded ? "tasks" : "start");
  }

  async takeReserve(visit, outcome) {
    try {
      const answer = await this.link.call("replace", { assignment_id: visit.assignment_id, reason_code: outcome.code });
      this._takeList(answer.list);
      this.openVisit(answer.household.assignment_id);
    } catch (refusal) {
      this._tell(refusal, "#done-error");
    }
  }

  async arrive(village, button) {
    button.disabled = true;
    button.textContent = this.words.say("arriving");
    try {
      this._takeList(await this.link.call("arrive", { psu: village.psu }));
      this.render();
    } catch (refusal) {
      this.render();
      this._tell(refusal);
    }
  }

  async takePhoto(id, purpose, input) {
    const [file] = input.files;
    if (!file) return;
    if (!this.records.get(id)) this.records.begin(id);
    try {
      await this.records.addPicture(id, purpose, file);
      this._renderQuietly();
    } catch {
      const line = this.main.querySelector("#photo-error");
      if (line) {
        line.textContent = this.words.say("photo-failed");
        line.hidden = false;
      }
    }
  }

  keepMine(visit, record) {
    record.base = record.other?.sequence ?? Number(record.conflict?.sequence ?? record.base);
    if (record.other?.finished) {
      record.of = record.other.version;
      record.base = 0;
    }
    record.conflict = record.other = null;
    this.records.touch(record);
    this.goStep("tasks");
  }

  takeOther(visit, record) {
    const { other } = record;
    this.records.setAside(record);
    if (other && !other.finished) this.records.begin(visit.assignment_id, { draft: other });
    this.openVisit(visit.assignment_id);
  }

  // -- what happens by itself

  _changed(record, answer) {
    if (answer && record) this._handedIn(record, answer);
    if (record?.conflict && !record.other && this.here.id === record.id) this._lookInStore(record.id);
    if (record?.refused && this.here.id === record.id && this.here.step === "done") {
      this.goStep(Object.keys(record.answers).length ? "check" : "cannot");
      this._tell(record.refused, "#cannot-error");
    }
    this._showStatus();
    if (this.here.screen === "list") this._renderSoon();
    else if (this.main.querySelector(".photos")) this._refreshPhotos();
  }

  _refreshPhotos() {
    const before = this.main.querySelector(".photos");
    const focused = before.contains(document.activeElement) ? document.activeElement.id : "";
    before.replaceWith(photosPart(this, this.here.id));
    if (focused) this.main.querySelector(`#${focused}`)?.focus({ preventScroll: true });
  }

  _lineChanged(state) {
    this._showStatus();
    this.spoken.textContent = state === "up" ? this.words.say("line-back") : statusText(this);
    if (state === "up") {
      this.records.sendAll();
      this._refreshList();
    }
  }

  _otherTab(event) {
    if (!event.key?.startsWith(`${this.keep.prefix}visit|`) || !event.newValue) return;
    const record = JSON.parse(event.newValue);
    const own = this.records.get(record.id);
    if (own && own.rev >= record.rev) return;
    this.records.records.set(record.id, record);
    if (this.here.id === record.id) this._renderQuietly();
  }

  _tell(refusal, place = null) {
    const text = refusal?.lost ? this.words.say("needs-line") : this.words.of(refusal?.words) || this.words.say("needs-line");
    const box = h("div", { class: "summary", role: "alert", tabindex: "-1" }, h("p", {}, text));
    const target = place && this.main.querySelector(place);
    if (target) target.replaceChildren(box);
    else this.main.prepend(box);
    box.focus();
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

export default {
  render({ model, el }) {
    const app = new App(model, el);
    return () => app.close();
  },
};
