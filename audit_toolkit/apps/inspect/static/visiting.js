// What one does in one visit: begin, go on, finish, say that it cannot be done, correct.

const GO_ON_MS = 250;

const VISITING = {
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
  },

  setNote(record, name, value) {
    if (value) record.notes[name] = value;
    else delete record.notes[name];
    this.records.touch(record);
  },

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
    // The page may have been shown anew meanwhile, when the store was heard of.
    const { section } = page;
    this.goingOn = setTimeout(() => this.page?.section === section && this.goOn(this.page), GO_ON_MS);
  },

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
  },

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
  },

  _summarise(entries) {
    const summary = errorSummary(this.words, this.words.say("summary-finish"), entries, (target) =>
      target === "reason" ? this.main.querySelector("#reason").focus() : this.goQuestion(target),
    );
    this.main.querySelector(".rows.open")?.remove();
    this.main.querySelector("#check-summary").replaceChildren(summary);
    summary.focus();
  },

  cannot(visit, outcome) {
    const id = visit.assignment_id;
    const record = this.records.get(id) ?? this.records.begin(id, { finding: this.findings.get(id) });
    const notes = Object.fromEntries(
      Object.entries(record.notes).filter(([name]) => ["remark", "position"].includes(name)),
    );
    const reason = record.reason || (record.of ? this.words.say("second-visit-reason") : "");
    this._handIn(record, { outcome: outcome.code, answers: {}, notes, reason });
  },

  async _handIn(record, visit) {
    const waits = this.records.finish(record, visit);
    this.goStep("done");
    const answer = await waits;
    if (answer) this._handedIn(record, answer);
  },

  _handedIn(record, answer) {
    this._keepFinding(answer.finding);
    this.records.drop(record.id);
    const visit = this._visit(record.id);
    if (visit) visit.state = "visited";
    if (this.here.id === record.id) this.goStep("done");
    else if (this.here.screen === "list") this.render({ focus: false });
  },

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
  },

  correct(visit, reason) {
    const id = visit.assignment_id;
    const finding = this.findings.get(id);
    if (!finding) return this._tell({ words: { zh: this.words.say("needs-line"), en: this.words.say("needs-line") } });
    const record = this.records.begin(id, { finding });
    record.reason = reason;
    this.records.touch(record);
    const responded = this.form.outcomes.find((o) => o.code === finding.outcome)?.responded;
    return this.goStep(responded ? "tasks" : "start");
  },

  async takeReserve(visit, outcome) {
    try {
      const answer = await this.link.call("replace", { assignment_id: visit.assignment_id, reason_code: outcome.code });
      this._takeList(answer.list);
      this.openVisit(answer.household.assignment_id);
    } catch (refusal) {
      this._tell(refusal, "#done-error");
    }
  },

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
  },

  async takePhoto(id, purpose, input) {
    const [file] = input.files;
    if (!file) return;
    if (!this.records.get(id)) this.records.begin(id);
    try {
      await this.records.addPicture(id, purpose, file);
      this._renderQuietly();
    } catch {
      this._sayOfPhotos(this.words.say("photo-failed"));
    }
  },

  askTakeBack(photo) {
    this.sureOf = photo;
    this._refreshPhotos();
  },

  async takeBack(id, photo) {
    this.sureOf = "";
    try {
      const standing = await this.records.takePictureBack(id, photo);
      if (standing) this.photosOf.set(id, standing);
      this._refreshPhotos();
      const time = this.words.time(new Date().toISOString());
      this._sayOfPhotos(this.words.say("photo-taken-back", { time }), false);
    } catch (refusal) {
      this._refreshPhotos();
      this._sayOfPhotos(refusal?.lost ? this.words.say("needs-line") : this.words.of(refusal?.words));
    }
  },

  _sayOfPhotos(text, wrong = true) {
    const line = this.main.querySelector("#photo-error");
    if (!line) return;
    line.classList.toggle("error", wrong);
    line.textContent = text;
    line.hidden = false;
  },

  keepMine(visit, record) {
    record.base = record.other?.sequence ?? Number(record.conflict?.sequence ?? record.base);
    if (record.other?.finished) {
      record.of = record.other.version;
      record.base = 0;
    }
    record.conflict = record.other = null;
    this.records.touch(record);
    this.goStep("tasks");
  },

  takeOther(visit, record) {
    const { other } = record;
    this.records.setAside(record);
    if (other && !other.finished) this.records.begin(visit.assignment_id, { draft: other });
    this.openVisit(visit.assignment_id);
  },
};
