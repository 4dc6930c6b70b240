// The pages of one visit: start, one theme a page, task list, what cannot be done, check, the end.

/** What question parts ask of the page that they stand on. */
class SectionPage {
  constructor(app, record, section) {
    this.app = app;
    this.words = app.words;
    this.form = app.form;
    this.record = record;
    this.section = section;
    this.touched = app.touchedOf(record.id);
    this.tried = false;
    this.parts = new Map();
    this.sheet = h("div", { class: "sheet", "aria-live": "polite" });
    this.questions = h("div", { class: "questions" });
    this.summary = h("div", {});
    this.layOut();
  }

  layOut() {
    const asked = askedQuestions(this.form, this.record.answers, this.section);
    for (const q of asked) if (!this.parts.has(q.code)) this.parts.set(q.code, new QuestionPart(this, q));
    const wanted = asked.map((q) => this.parts.get(q.code).element);
    for (const child of [...this.questions.children]) if (!wanted.includes(child)) child.remove();
    wanted.forEach((element, place) => {
      if (this.questions.children[place] !== element) {
        this.questions.insertBefore(element, this.questions.children[place] ?? null);
      }
    });
  }

  asked() {
    return askedQuestions(this.form, this.record.answers, this.section);
  }

  answer(question, value, { choice = false } = {}) {
    const { answers } = this.record;
    if (value === "") delete answers[question.code];
    else answers[question.code] = value;
    if (choice) this.touched.add(question.code);
    fillForced(this.form, answers);
    this.app.records.touch(this.record);
    this.layOut();
    this.refresh();
    if (choice && this.app.byPointer) this.app.maybeGoOn(this);
  }

  confirm(problem) {
    this.record.notes[softKey(problem)] = problem.got || "0";
    this.app.records.touch(this.record);
    this.refresh();
    this.parts.get(problem.question)?.focus();
  }

  problemOf(question) {
    return hardProblems(this.form, this.record.answers).find((p) => p.question === question.code);
  }

  softOf(question) {
    if (!this.touched.has(question.code) && !this.tried) return [];
    return softProblems(this.form, this.record.answers).filter((p) => p.question === question.code);
  }

  problemText(problem) {
    return this.app.problemText(problem);
  }

  refresh() {
    for (const q of this.asked()) this.parts.get(q.code)?.refresh();
    this._refreshSheet();
  }

  _refreshSheet() {
    if (!this.asked().some((q) => q.income_sign)) return;
    const { net, perHead, heads } = worksheet(this.form, this.record.answers);
    const { words } = this;
    const line = (label, amount, name) =>
      h("div", { class: "sum", "data-sum": name }, h("dt", {}, label), h("dd", {}, amount));
    this.sheet.replaceChildren(
      h("h2", {}, words.say("sheet-title")),
      net === null
        ? h("p", {}, words.say("sheet-open"))
        : h(
            "dl",
            {},
            line(words.say("sheet-net"), words.say("yuan", { amount: words.number(net) }), "net"),
            perHead === null
              ? line(words.say("sheet-head"), words.say("sheet-heads-open"), "head")
              : line(
                  words.say("sheet-head-of", { heads }),
                  words.say("yuan", { amount: words.number(perHead) }),
                  "head",
                ),
          ),
    );
  }

  focusAfter(question) {
    const asked = this.asked();
    const next = asked[asked.findIndex((q) => q.code === question.code) + 1];
    if (next) this.parts.get(next.code).focus();
    else this.app.goOn(this);
  }

  /** Show what is wrong here and take the focus there; true if there is anything. */
  stopAtProblems() {
    const wrong = this.asked().map((q) => this.problemOf(q)).filter(Boolean);
    if (!wrong.length) return false;
    this.tried = true;
    this.refresh();
    const summary = errorSummary(
      this.words,
      this.words.say("summary-title"),
      wrong.map((p) => ({ text: this.problemText(p), target: p.question })),
      (target) => this.parts.get(target).focus(),
    );
    this.summary.replaceChildren(summary);
    summary.focus();
    return true;
  }

  element() {
    const isSheet = this.asked().some((q) => q.income_sign);
    return h("div", {}, this.summary, this.questions, isSheet && this.sheet);
  }
}

function sectionScreen(app, record, code) {
  const { words, form } = app;
  const section = form.sections.find((s) => s.code === code);
  const page = new SectionPage(app, record, code);
  app.page = page;
  const place = form.sections.indexOf(section) + 1;
  const screen = h(
    "section",
    {},
    h("p", { class: "step" }, words.say("step", { place, total: form.sections.length })),
    h("h1", { tabindex: "-1" }, words.of(section)),
    code === "approval" && approvalNotice(app, record),
    code === "income" && h("p", { class: "lead" }, words.say("income-lead")),
    page.element(),
    code === "composition" && compositionPart(app, record),
  );
  page.refresh();
  return screen;
}

function approvalNotice(app, record) {
  const { words } = app;
  return h(
    "div",
    { class: "notice" },
    h("p", {}, h("strong", {}, words.say("approval-title"))),
    h("p", {}, words.say("approval-text")),
    checkbox(words.say("approval-stayed"), record.notes.present === "others-stayed", (on) =>
      app.setNote(record, "present", on ? "others-stayed" : ""),
    ),
  );
}

const DIFFERENCES = ["born", "died", "married-in", "married-out", "away", "split", "merged", "other"];

/** Who lives here is not who the papers name: said here, with why, and never stops the visit. */
function compositionPart(app, record) {
  const { words } = app;
  const chosen = new Set((record.notes.composition ?? "").split(" ").filter(Boolean));
  const details = h("details", { class: "differs", open: chosen.size > 0 });
  const keep = () => app.setNote(record, "composition", [...chosen].join(" "));
  const boxes = DIFFERENCES.map((name) =>
    checkbox(words.say(`differs-${name}`), chosen.has(name), (on) => {
      if (on) chosen.add(name);
      else chosen.delete(name);
      keep();
    }),
  );
  details.append(
    h("summary", {}, words.say("differs-title")),
    h("p", { class: "hint" }, words.say("differs-hint")),
    h("fieldset", { class: "boxes" }, h("legend", {}, words.say("differs-legend")), boxes),
    noteField(app, record, "composition-words", words.say("differs-words")),
  );
  return details;
}

function checkbox(label, checked, onChange) {
  const box = h("input", { type: "checkbox", checked });
  box.addEventListener("change", () => onChange(box.checked));
  return h("label", { class: "box" }, box, h("span", {}, label));
}

function noteField(app, record, name, label) {
  const area = h("textarea", {
    id: `note-${name}`,
    rows: "2",
    maxlength: "1000",
    oninput: (event) => app.setNote(record, name, event.target.value),
  });
  area.value = record.notes[name] ?? "";
  return h("div", { class: "question" }, h("label", { for: area.id }, label), area);
}

function startScreen(app, visit) {
  const { words } = app;
  const { place } = householdWords(app, visit);
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, householdWords(app, visit).title),
    h("p", { class: "lead" }, `${visit.township} ${place}`),
    h("div", { class: "script" }, h("p", {}, words.say("consent-text")), h("p", {}, words.say("start-goes-on"))),
    h(
      "div",
      { class: "ways" },
      h("button", { type: "button", class: "secondary", onclick: () => app.begin(visit, "differs") }, words.say("start-differs")),
      h("button", { type: "button", class: "secondary", onclick: () => app.goStep("cannot") }, words.say("cannot")),
    ),
    h("details", {}, h("summary", {}, words.say("distress-title")), h("p", {}, words.say("distress-text"))),
  );
}

function tasksScreen(app, visit, record) {
  const { words, form } = app;
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, householdWords(app, visit).title),
    h("p", { class: "lead" }, words.say("tasks-lead")),
    h(
      "ol",
      { class: "rows tasks" },
      form.sections.map((section) => {
        const asked = askedQuestions(form, record.answers, section.code);
        const missing = asked.filter((q) => !record.answers[q.code]).length;
        const here = (p) => asked.some((q) => q.code === p.question);
        const wrong = hardProblems(form, record.answers).filter(here).length;
        const odd = openSoft(form, record.answers, record.notes).filter(here).length;
        const state = wrong || odd ? "look" : missing ? (missing < asked.length ? "begun" : "new") : "done";
        const fields = { done: asked.length - missing, total: asked.length, check: wrong + odd };
        return h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: `row state-${state}`, onclick: () => app.goStep(section.code) },
            h("span", { class: "row-title" }, words.of(section)),
            h("span", { class: "row-state" }, words.say(wrong + odd ? "task-check" : "task-count", fields)),
          ),
        );
      }),
    ),
    photosPart(app, visit.assignment_id),
    h(
      "button",
      { type: "button", class: "secondary", onclick: () => app.goStep("cannot") },
      words.say("cannot"),
    ),
  );
}

const PURPOSES = ["house", "water", "household", "document"];

function photosPart(app, id) {
  const { words } = app;
  const pictures = app.records.picturesOf(id);
  const before = (app.photosOf.get(id) ?? []).filter((p) => !pictures.some((own) => own.id === p.photo_id));
  const pick = (purpose) => {
    const input = h("input", {
      type: "file",
      accept: "image/*",
      capture: "environment",
      class: "visually-hidden",
      id: `photo-${purpose}`,
      "aria-label": words.say(`photo-${purpose}`),
      onchange: (event) => app.takePhoto(id, purpose, event.target),
    });
    return h("label", { class: "option photo" }, input, h("span", {}, words.say(`photo-${purpose}`)));
  };
  const stateOf = (p) => (p.refused ? "photo-refused" : p.stored ? "photo-stored" : "photo-waiting");
  return h(
    "section",
    { class: "photos" },
    h("h2", {}, words.say("photos-title", { count: pictures.length + before.length })),
    h("p", { class: "hint" }, words.say("photos-hint")),
    h("div", { class: "options" }, PURPOSES.map(pick)),
    h("p", { class: "error", id: "photo-error", role: "status", hidden: true }),
    h(
      "ul",
      { class: "thumbs" },
      pictures.map((p) =>
        h(
          "li",
          { "data-photo": p.stored ? "stored" : "waiting" },
          h("img", { src: app.pictureAddress(p), alt: words.say(`photo-${p.purpose}`), width: "72", height: "72" }),
          h("span", {}, words.say(stateOf(p), { time: words.time(p.at) })),
          takeBackButton(app, id, p.id),
        ),
      ),
      before.map((p) =>
        h(
          "li",
          { "data-photo": "stored" },
          h("span", {}, `${words.say(`photo-${p.purpose}`)}: ${words.say("photo-stored", { time: words.time(p.taken_at) })}`),
          takeBackButton(app, id, p.photo_id),
        ),
      ),
    ),
  );
}

/** Takes a photo back at the second press; none once the visit was finished with it. */
function takeBackButton(app, id, photo) {
  const { words } = app;
  if (app.here.step === "done") return null;
  const sure = app.sureOf === photo;
  return h(
    "button",
    {
      type: "button",
      class: "link take-back",
      id: `take-back-${photo}`,
      "aria-live": "polite",
      onclick: () => (sure ? app.takeBack(id, photo) : app.askTakeBack(photo)),
    },
    words.say(sure ? "photo-take-back-sure" : "photo-take-back"),
  );
}

function cannotScreen(app, visit) {
  const { words, form } = app;
  const ways = form.outcomes.filter((o) => !o.responded);
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, words.say("cannot-title")),
    h("p", { class: "lead" }, words.say("cannot-lead")),
    h("div", { id: "cannot-error" }),
    h(
      "ul",
      { class: "rows" },
      ways.map((outcome) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "row", "data-outcome": outcome.code, onclick: () => app.cannot(visit, outcome) },
            h("span", { class: "row-title" }, words.of(outcome)),
            h("span", { class: "row-state" }, words.say(`next-${outcome.next_step}`)),
          ),
        ),
      ),
    ),
  );
}
