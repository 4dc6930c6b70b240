// Small parts that all pages are made of: elements, questions with their checks, summaries.

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

const CHIPS = ["0", "1", "2", "3", "4", "5", "6"];

class Words {
  constructor(catalogue, language) {
    this.catalogue = catalogue;
    this.language = language;
  }

  say(name, fields = {}) {
    const text = this.catalogue[this.language][name];
    if (text === undefined) return name;
    return text.replace(/\{(\w+)\}/g, (_, field) => fields[field] ?? "");
  }

  of(thing) {
    return thing?.[this.language] ?? "";
  }

  number(text) {
    const [whole, part] = text.replace("-", "").split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return (text.startsWith("-") ? "−" : "") + grouped + (part ? `.${part}` : "");
  }

  time(iso) {
    const at = new Date(iso);
    const clock = at.toTimeString().slice(0, 5);
    const today = at.toDateString() === new Date().toDateString();
    if (today) return clock;
    return this.say("day-time", { day: at.getDate(), month: at.getMonth() + 1, time: clock });
  }
}

/** One question: label, control, what is wrong with it, what is asked back about it. */
class QuestionPart {
  constructor(page, question) {
    this.page = page;
    this.question = question;
    this.error = h("p", { class: "error", id: `error-${question.code}` });
    this.aside = h("div", { class: "aside", "aria-live": "polite" });
    this.element = question.options.length ? this._choice() : this._number();
    this.element.id = `question-${question.code}`;
    this.refresh();
  }

  get value() {
    return this.page.record.answers[this.question.code] ?? "";
  }

  _words() {
    return this.page.words;
  }

  _choice() {
    const { code, options } = this.question;
    const buttons = options.map((option) =>
      h(
        "label",
        { class: "option" },
        h("input", {
          type: "radio",
          name: code,
          value: option.code,
          checked: this.value === option.code,
          onchange: () => this.page.answer(this.question, option.code, { choice: true }),
        }),
        pictureOf(code, option.code),
        h("span", {}, this._words().of(option)),
      ),
    );
    const legend = h("legend", {}, this._words().of(this.question));
    return h(
      "fieldset",
      { class: "question", "aria-describedby": this.error.id },
      legend,
      this.error,
      h("div", { class: "options" }, buttons),
      this.aside,
    );
  }

  _number() {
    const { code, kind } = this.question;
    this.input = h("input", {
      type: "text",
      id: `input-${code}`,
      class: kind === "count" ? "number short" : "number",
      inputmode: kind === "count" ? "numeric" : "decimal",
      enterkeyhint: "next",
      autocomplete: "off",
      maxlength: "20",
      "aria-describedby": this.error.id,
      oninput: () => this._typed(),
      onchange: () => this._left(),
      onkeydown: (event) => event.key === "Enter" && !event.isComposing && this._enter(event),
    });
    this.input.value = this.value;
    const unit = h("span", { class: "unit" }, this._words().say(`unit-${kind}`));
    const chips = kind === "count" ? CHIPS : ["0"];
    this.chips = chips.map((value) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-label": `${value}: ${this._words().of(this.question)}`,
          onclick: () => this._chip(value),
        },
        kind === "count" ? value : this._words().say("none"),
      ),
    );
    return h(
      "div",
      { class: "question" },
      h("label", { for: `input-${code}` }, this._words().of(this.question)),
      this.error,
      h(
        "div",
        { class: "entry" },
        h("span", { class: "field" }, this.input, unit),
        h("span", { class: "chips" }, this.chips),
      ),
      this.aside,
    );
  }

  _typed() {
    const plain = plainNumber(this.input.value);
    this.page.answer(this.question, isWellFormed(this.question, plain) ? plain : this.input.value);
  }

  _left() {
    if (isWellFormed(this.question, this.value)) this.input.value = this.value;
    this.page.touched.add(this.question.code);
    this.page.refresh();
  }

  _chip(value) {
    this.input.value = value;
    this.page.touched.add(this.question.code);
    this.page.answer(this.question, value, { choice: true });
  }

  _enter(event) {
    event.preventDefault();
    this._left();
    this.page.focusAfter(this.question);
  }

  focus() {
    (this.input ?? this.element.querySelector("input:checked, input")).focus();
  }

  /** Bring marks, errors and questions up to date; the control itself is left alone. */
  refresh() {
    const words = this._words();
    const wrong = this.page.problemOf(this.question);
    const shown = wrong && (this.page.touched.has(this.question.code) || this.page.tried);
    this.error.textContent = shown ? words.say("error-prefix") + this.page.problemText(wrong) : "";
    this.error.hidden = !shown;
    this.element.classList.toggle("wrong", Boolean(shown));
    if (this.input) {
      this.input.setAttribute("aria-invalid", String(Boolean(shown)));
      if (document.activeElement !== this.input && this.input.value !== this.value) {
        this.input.value = this.value;
      }
      for (const chip of this.chips) {
        const own = this.question.kind === "count" ? chip.textContent : "0";
        chip.setAttribute("aria-pressed", String(own === this.value));
      }
    } else {
      for (const radio of this.element.querySelectorAll("input[type=radio]")) {
        radio.checked = radio.value === this.value;
      }
    }
    this._refreshAside(Boolean(wrong));
  }

  _refreshAside(wrong) {
    const words = this._words();
    const parts = [];
    if (this.question.kind === "yuan" && !wrong && this.value.length > 4) {
      parts.push(h("p", { class: "read" }, words.say("read-yuan", { amount: words.number(this.value) })));
    }
    if (!wrong) {
      for (const problem of this.page.softOf(this.question)) parts.push(softPart(this.page, problem));
    }
    const text = parts.map((p) => p.textContent + p.className).join("|");
    if (text !== this.asideText) this.aside.replaceChildren(...parts);
    this.asideText = text;
  }
}

/** What is asked back, with its answer recorded. */
function softPart(page, problem) {
  const words = page.words;
  const confirmed = page.record.notes[softKey(problem)] === (problem.got || "0");
  if (confirmed) return h("p", { class: "confirmed" }, words.say("soft-confirmed"));
  return h(
    "div",
    { class: "soft" },
    h("p", {}, page.problemText(problem)),
    h(
      "button",
      {
        type: "button",
        class: "secondary confirm",
        onclick: () => page.confirm(problem),
      },
      words.say("soft-yes"),
    ),
    h("span", { class: "hint" }, words.say("soft-no")),
  );
}

/** The summary at the top: takes the focus, each entry leads to its field. */
function errorSummary(words, title, entries, onEntry) {
  return h(
    "div",
    { class: "summary", role: "alert", tabindex: "-1" },
    h("h2", {}, title),
    h(
      "ul",
      {},
      entries.map(({ text, target }) =>
        h(
          "li",
          {},
          target === null
            ? text
            : h("button", { type: "button", class: "link", onclick: () => onEntry(target) }, text),
        ),
      ),
    ),
  );
}
