// What happens by itself: answers that come, the line that comes and goes, another window.

const HAPPENING = {
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
  },

  _refreshPhotos() {
    const before = this.main.querySelector(".photos");
    const focused = before.contains(document.activeElement) ? document.activeElement.id : "";
    before.replaceWith(photosPart(this, this.here.id));
    if (!focused) return;
    const again = this.main.querySelector(`#${focused}`) ?? this.main.querySelector(".photos input");
    again.focus({ preventScroll: true });
  },

  _lineChanged(state) {
    this._showStatus();
    this.spoken.textContent = state === "up" ? this.words.say("line-back") : statusText(this);
    if (state === "up") {
      this.records.sendAll();
      this._refreshList();
    }
  },

  _otherTab(event) {
    if (!event.key?.startsWith(`${this.keep.prefix}visit|`) || !event.newValue) return;
    const record = JSON.parse(event.newValue);
    const own = this.records.get(record.id);
    if (own && own.rev >= record.rev) return;
    this.records.records.set(record.id, record);
    if (this.here.id === record.id) this._renderQuietly();
  },

  _tell(refusal, place = null) {
    const text = refusal?.lost ? this.words.say("needs-line") : this.words.of(refusal?.words) || this.words.say("needs-line");
    const box = h("div", { class: "summary", role: "alert", tabindex: "-1" }, h("p", {}, text));
    const target = place && this.main.querySelector(place);
    if (target) target.replaceChildren(box);
    else this.main.prepend(box);
    box.focus();
  },
};
