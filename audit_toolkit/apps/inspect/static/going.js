// Going from page to page, and what the store is found to hold of a visit on the way.

const GOING = {
  goList() {
    this.here = { screen: "list" };
    this.page = null;
    this.render();
    this._refreshList();
  },

  goStep(step, { focus = true } = {}) {
    this.here = { ...this.here, step };
    this.render({ focus });
  },

  goQuestion(code) {
    const question = this.form.questions.find((q) => q.code === code);
    if (!question) return;
    this.goStep(question.section, { focus: false });
    this.page.parts.get(code)?.focus();
  },

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
  },

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
  },

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
  },
};
