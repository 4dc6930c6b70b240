// How a visit ends: check and finish, what was handed in, two versions of one household.

function checkScreen(app, visit, record) {
  const { words, form } = app;
  const summary = h("div", { id: "check-summary" });
  const missing = missingQuestions(form, record.answers);
  const wrong = hardProblems(form, record.answers);
  const odd = openSoft(form, record.answers, record.notes);
  const lead = wrong.length
    ? "check-lead-wrong"
    : missing.length
      ? "check-lead-missing"
      : odd.length
        ? "check-lead-odd"
        : "check-lead";
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, words.say(record.of ? "check-title-correct" : "check-title")),
    h("p", { class: "lead" }, words.say(lead, { missing: missing.length, wrong: wrong.length, odd: odd.length })),
    summary,
    record.refused && h("div", { class: "summary", role: "alert" }, h("p", {}, words.of(record.refused.words))),
    missing.length + wrong.length > 0 &&
      h(
        "ul",
        { class: "rows open" },
        [...wrong.map((p) => [p.question, app.problemText(p)]), ...missing.map((q) => [q.code, words.of(q)])].map(
          ([code, text]) => h("li", {}, h("button", { type: "button", class: "row state-look", onclick: () => app.goQuestion(code) }, text)),
        ),
      ),
    odd.map((p) => softPart(checkPageOf(app, record), p)),
    record.of > 0 && reasonField(app, record),
    photosPart(app, visit.assignment_id),
    positionPart(app, record),
    h("div", { class: "remark" }, noteField(app, record, "remark", words.say("remark"))),
    answersPart(app, record.answers, true),
  );
}

/** What a question that is asked back needs of a page, here on the page of all answers. */
function checkPageOf(app, record) {
  return {
    words: app.words,
    record,
    problemText: (p) => `${app.questionText(p.question)} ${app.problemText(p)}`,
    confirm: (p) => {
      record.notes[softKey(p)] = p.got || "0";
      app.records.touch(record);
      app.render({ focus: false });
    },
  };
}

function reasonField(app, record) {
  const { words } = app;
  const input = h("input", {
    type: "text",
    id: "reason",
    maxlength: "1000",
    autocomplete: "off",
    "aria-describedby": "reason-hint",
    oninput: (event) => {
      record.reason = event.target.value;
      app.records.touch(record);
    },
  });
  input.value = record.reason ?? "";
  return h(
    "div",
    { class: "question" },
    h("label", { for: "reason" }, words.say("reason")),
    h("p", { class: "hint", id: "reason-hint" }, words.say("reason-hint")),
    input,
  );
}

/** The place of the visit, with how sure it is; it may be refused. */
function positionPart(app, record) {
  const { words } = app;
  const kept = record.notes.position ?? "";
  const line = h("p", { class: "hint", "aria-live": "polite" });
  const tell = (value) => {
    const [kind, ...parts] = value.split(" ");
    if (kind === "at") line.textContent = words.say("position-kept", { metres: parts[2] });
    else line.textContent = kind === "not" ? words.say(`position-not-${parts[0]}`) : words.say("position-hint");
  };
  const refuse = (why) => {
    app.setNote(record, "position", `not ${why}`);
    tell(`not ${why}`);
  };
  const ask = () => {
    line.textContent = words.say("position-asking");
    if (!navigator.geolocation) return refuse("device");
    return navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const value = `at ${coords.latitude.toFixed(5)} ${coords.longitude.toFixed(5)} ${Math.ceil(coords.accuracy)}`;
        app.setNote(record, "position", value);
        tell(value);
      },
      () => refuse("device"),
      { enableHighAccuracy: true, timeout: 15000 },
    );
  };
  tell(kept);
  return h(
    "section",
    {},
    h("h2", {}, words.say("position-title")),
    line,
    h(
      "div",
      { class: "options" },
      h("button", { type: "button", class: "secondary", onclick: ask }, words.say("position-ask")),
      h("button", { type: "button", class: "secondary", onclick: () => refuse("wanted") }, words.say("position-refuse")),
    ),
  );
}

function answersPart(app, answers, change) {
  const { words, form } = app;
  return form.sections.map((section) => {
    const asked = askedQuestions(form, answers, section.code).filter((q) => answers[q.code]);
    if (!asked.length) return null;
    return h(
      "section",
      { class: "answers" },
      h("h2", {}, words.of(section)),
      h(
        "dl",
        {},
        asked.map((q) =>
          h(
            "div",
            { class: "pair" },
            h("dt", {}, words.of(q)),
            h(
              "dd",
              {},
              answerText(app, q, answers[q.code]),
              change &&
                h(
                  "button",
                  {
                    type: "button",
                    class: "link",
                    "aria-label": `${words.say("change")}: ${words.of(q)}`,
                    onclick: () => app.goQuestion(q.code),
                  },
                  words.say("change"),
                ),
            ),
          ),
        ),
      ),
    );
  });
}

function answerText(app, question, value) {
  const option = question.options.find((o) => o.code === value);
  if (option) return app.words.of(option);
  if (!isWellFormed(question, value)) return value;
  return question.kind === "yuan" ? app.words.say("yuan", { amount: app.words.number(value) }) : value;
}

/** How a visit ended, when, and in which version, as far as this page knows. */
function endOf(app, visit) {
  const id = visit.assignment_id;
  const pending = app.records.get(id)?.pending;
  const finding = app.findings.get(id);
  const progress = app.progress.get(id);
  const code = pending?.outcome ?? finding?.outcome ?? progress?.outcome;
  return {
    outcome: app.form.outcomes.find((o) => o.code === code),
    at: pending?.device_at ?? finding?.server_at ?? progress?.finished_at,
    version: finding?.version ?? progress?.version ?? 0,
  };
}

/** What the store has of a finished visit, or what is still on its way there. */
function doneScreen(app, visit, record) {
  const { words } = app;
  const finding = app.findings.get(visit.assignment_id);
  const { outcome, at } = endOf(app, visit);
  const title = record?.pending ? "done-waiting" : "done-kept";
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, words.say("done-title", { outcome: words.of(outcome), head: visit.head_name })),
    h("p", { class: record?.pending ? "notice" : "notice good", role: "status" }, words.say(title, { time: at ? words.time(at) : "" })),
    outcome && outcome.next_step !== "finish" && h("p", { class: "lead" }, words.say(`next-${outcome.next_step}`)),
    h("div", { id: "done-error" }),
    h("div", { class: "ways" }, doneWays(app, visit).slice(1)),
    finding && answersPart(app, Object.fromEntries(finding.answers.map((a) => [a.question, a.value])), false),
  );
}

/** Ways on from a finished visit; the first is the main one. */
function doneWays(app, visit) {
  const { words } = app;
  const ways = [];
  const way = (name, act, fields = {}) => {
    const kind = ways.length ? "secondary" : "main";
    ways.push(h("button", { type: "button", class: kind, "data-way": name, onclick: act }, words.say(name, fields)));
  };
  const { outcome, version } = endOf(app, visit);
  const pending = Boolean(app.records.get(visit.assignment_id)?.pending);
  const next = nextVisit(app, visit.assignment_id);
  const again = outcome?.next_step === "retry";
  const reserve =
    outcome && !outcome.responded && outcome.replaceable && visit.kind === "first" &&
    (outcome.next_step === "replace" || version >= 2);
  if (reserve && !pending) way("take-reserve", () => app.takeReserve(visit, outcome));
  if (next) {
    const household = householdWords(app, next).title;
    way("next-household", () => app.openVisit(next.assignment_id), { household });
  } else {
    way("to-list", () => app.goList());
  }
  if (!pending && again) way("second-visit", () => app.correct(visit, words.say("second-visit-reason")));
  if (!pending && !again) way("correct", () => app.correct(visit, ""));
  return ways;
}

/** Two pages or devices wrote on one household: both are shown, one is chosen, none is lost. */
function conflictScreen(app, visit, record) {
  const { words, form } = app;
  const other = record.other;
  const answersOf = (pairs) => Object.fromEntries((pairs ?? []).map((p) => [p.question, p.value]));
  const theirs = answersOf(other?.answers);
  const differing = form.questions.filter((q) => (record.answers[q.code] ?? "") !== (theirs[q.code] ?? ""));
  const show = (q, value) => (value ? answerText(app, q, value) : words.say("not-answered"));
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, words.say("conflict-title")),
    h("p", { class: "lead" }, words.say(other?.finished ? "conflict-lead-finished" : "conflict-lead")),
    other &&
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ["conflict-question", "conflict-mine", "conflict-other"].map((n) => h("th", { scope: "col" }, words.say(n, { time: words.time(other.at) }))))),
        h(
          "tbody",
          {},
          differing.map((q) =>
            h("tr", {}, h("th", { scope: "row" }, words.of(q)), h("td", {}, show(q, record.answers[q.code])), h("td", {}, show(q, theirs[q.code]))),
          ),
        ),
      ),
    other && !differing.length && h("p", {}, words.say("conflict-same")),
    h(
      "div",
      { class: "ways" },
      h("button", { type: "button", class: "main", "data-way": "mine", onclick: () => app.keepMine(visit, record) }, words.say("conflict-keep-mine")),
      h("button", { type: "button", class: "secondary", "data-way": "other", onclick: () => app.takeOther(visit, record) }, words.say("conflict-take-other")),
    ),
  );
}
