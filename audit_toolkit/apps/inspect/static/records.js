// One record a household: what was typed, what of it the store has, and what still has to go there.

const SAVE_SOON_MS = 500;
const SAVE_LATEST_MS = 1500;
const AGAIN_MS = 3000;
const PIECE = 96 * 1024;
const PASSING = ["server-unreachable", "store-unavailable", "failed-inside"];

/** Tell whether the same may go through a little later. */
function isPassing(refusal) {
  const tooFast = refusal.error === "call-refused" && refusal.fields.reason?.startsWith("too many");
  return tooFast || PASSING.includes(refusal.error);
}

class Records {
  constructor(link, keep, photos, onChange) {
    this.link = link;
    this.keep = keep;
    this.photos = photos;
    this.onChange = onChange;
    this.records = new Map();
    this.composing = false;
    this.busy = new Set();
    this.timers = new Map();
    this.pictures = [];
    for (const name of keep.names("visit|")) {
      const record = keep.get(name);
      if (record?.id) this.records.set(record.id, record);
    }
  }

  get(id) {
    return this.records.get(id) ?? null;
  }

  /** Begin a record, on nothing, on the store's draft, or on a finding that is to be corrected. */
  begin(id, { draft = null, finding = null } = {}) {
    const texts = (pairs) => Object.fromEntries((pairs ?? []).map((p) => [p.question, p.value]));
    const source = draft ?? finding;
    const record = {
      id,
      writer: newName(),
      rev: 0,
      saved: 0,
      base: draft?.sequence ?? 0,
      of: draft?.of_version ?? finding?.version ?? 0,
      answers: texts(source?.answers),
      notes: texts(source?.notes),
      at: "",
      savedAt: draft?.saved_at ?? "",
      pending: null,
      conflict: null,
      refused: null,
    };
    this.records.set(id, record);
    return record;
  }

  /** Keep on this device at once, then in the store as soon as can be. */
  touch(record) {
    record.rev += 1;
    record.refused = null;
    record.at = new Date().toISOString();
    this.keep.put(`visit|${record.id}`, record);
    this.saveSoon(record);
    this.onChange(record);
  }

  /** Keep what is known about a record, without a change of what was typed. */
  note(record) {
    this.keep.put(`visit|${record.id}`, record);
    this.onChange(record);
  }

  drop(id) {
    this.records.delete(id);
    this.keep.drop(`visit|${id}`);
  }

  setAside(record) {
    this.keep.put(`aside|${record.id}|${record.at || record.rev}`, record);
    this.drop(record.id);
  }

  isUnsaved(record) {
    return record.rev > record.saved;
  }

  saveSoon(record) {
    const started = this.timers.get(record.id)?.started ?? Date.now();
    clearTimeout(this.timers.get(record.id)?.timer);
    const wait = Math.max(0, Math.min(SAVE_SOON_MS, started + SAVE_LATEST_MS - Date.now()));
    const timer = setTimeout(() => this.save(record), wait);
    this.timers.set(record.id, { timer, started });
  }

  async save(record) {
    clearTimeout(this.timers.get(record.id)?.timer);
    this.timers.delete(record.id);
    if (!this._mayAsk(record) || !this.isUnsaved(record)) return;
    if (record.conflict || record.pending || record.refused || this.composing) return;
    const number = record.rev;
    await this._asking(record, async () => {
      const receipt = await this.link.call("save", {
        assignment_id: record.id,
        base: record.base,
        writer: record.writer,
        number,
        of_version: record.of,
        answers: { ...record.answers },
        notes: { ...record.notes },
      });
      record.saved = Math.max(record.saved, number);
      record.base = receipt.sequence;
      record.savedAt = receipt.saved_at;
    });
    // Finished while this was under way: it goes now.
    if (record.pending) this.sendPending(record).then((answer) => answer && this.onChange(record, answer));
    else if (this.isUnsaved(record)) this.saveSoon(record);
  }

  /** Put a visit aside to be handed in; it goes now, or when the line is back, and once. */
  finish(record, visit) {
    record.pending = { ...visit, device_at: new Date().toISOString() };
    record.refused = null;
    this.keep.put(`visit|${record.id}`, record);
    return this.sendPending(record);
  }

  async sendPending(record) {
    if (!this._mayAsk(record) || !record.pending) return null;
    let answer = null;
    await this._asking(record, async () => {
      answer = await this.link.call("finish", { assignment_id: record.id, ...record.pending });
      record.pending = null;
      record.saved = record.rev;
    });
    return answer;
  }

  /** What was sent and not answered is sent again; the store takes it once. */
  sendAll() {
    for (const record of this.records.values()) {
      if (record.pending) this.sendPending(record).then((a) => a && this.onChange(record, a));
      else if (this.isUnsaved(record)) this.save(record);
    }
    this.sendPictures();
  }

  _mayAsk(record) {
    return this.link.state === "up" && !this.busy.has(record.id);
  }

  async _asking(record, act) {
    this.busy.add(record.id);
    try {
      await act();
    } catch (refusal) {
      this._heardRefusal(record, refusal);
    } finally {
      this.busy.delete(record.id);
    }
    this.keep.put(`visit|${record.id}`, record);
    this.onChange(record);
  }

  _heardRefusal(record, refusal) {
    if (!refusal?.error) {
      if (!refusal?.lost) console.error(refusal);
      setTimeout(() => this.sendAll(), AGAIN_MS);
    } else if (isPassing(refusal)) {
      setTimeout(() => this.sendAll(), AGAIN_MS);
    } else if (refusal.error === "draft-conflict") {
      record.conflict = refusal.fields;
    } else {
      record.pending = null;
      record.refused = refusal;
    }
  }

  // -- photos

  async loadPictures() {
    this.pictures = await this.photos.all();
  }

  picturesOf(id) {
    return this.pictures.filter((p) => p.visit === id);
  }

  async addPicture(id, purpose, file) {
    const blob = await shrink(file);
    const photo = {
      id: newName(),
      visit: id,
      purpose,
      at: new Date().toISOString(),
      blob,
      size: blob.size,
      sent: 0,
      stored: false,
    };
    await this.photos.put(photo);
    this.pictures.push(photo);
    this.onChange(this.get(id));
    this.sendPictures();
    return photo;
  }

  /** Take a photo back: from this device where the store has not got it whole, else there. */
  async takePictureBack(id, name) {
    const own = this.pictures.find((p) => p.id === name);
    const known = !own || own.stored || own.sent > 0;
    if (own) own.gone = true;
    let standing = null;
    try {
      if (known && !own?.refused) standing = await this.link.call("withdraw", { assignment_id: id, photo_id: name });
    } catch (refusal) {
      // A photo that is there in part is not known there, and its rest is not sent.
      if (refusal?.error !== "photo-unknown") {
        if (own) own.gone = false;
        throw refusal;
      }
    }
    this.pictures = this.pictures.filter((p) => p.id !== name);
    await this.photos.drop(name);
    return standing;
  }

  async sendPictures() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (const photo of this.pictures.filter((p) => !p.stored && !p.refused && !p.gone)) {
        await this._sendPicture(photo);
      }
    } catch (refusal) {
      if (!refusal?.error && !refusal?.lost) console.error(refusal);
      setTimeout(() => this.sendPictures(), AGAIN_MS);
    } finally {
      this.sending = false;
    }
  }

  async _sendPicture(photo) {
    while (!photo.stored && !photo.gone && this.link.state === "up") {
      const piece = await photo.blob.slice(photo.sent, photo.sent + PIECE).arrayBuffer();
      const body = {
        assignment_id: photo.visit,
        photo_id: photo.id,
        purpose: photo.purpose,
        taken_at: photo.at,
        size_bytes: photo.size,
        offset: photo.sent,
      };
      let receipt;
      try {
        receipt = await this.link.call("photo", body, [piece]);
      } catch (refusal) {
        if (!refusal?.error || isPassing(refusal)) throw refusal;
        photo.refused = refusal;
        this.onChange(this.get(photo.visit));
        return;
      }
      photo.sent = receipt.received;
      photo.stored = receipt.stored;
      this.onChange(this.get(photo.visit));
    }
    if (photo.stored) await this.photos.drop(photo.id);
  }
}
