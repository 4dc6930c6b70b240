// What stands around every page: where one is, the main action, what is saved.

/** The first line, the languages, and the ways back. */
function headerParts(app) {
  const { words } = app;
  const back = (text, act) => h("button", { type: "button", class: "link back", onclick: act }, text);
  const inVisit = app.here.screen === "visit";
  const inForm = inVisit && app.records.get(app.here.id) && !["tasks", "start", "done", "conflict"].includes(app.here.step);
  const visit = inVisit && app._visit(app.here.id);
  return [
    h(
      "div",
      { class: "top" },
      h("p", { class: "place" }, app.place[words.language]),
      h(
        "div",
        { class: "languages", role: "group", "aria-label": words.say("language") },
        Object.entries(LANGUAGE_NAMES).map(([language, name]) =>
          h(
            "button",
            {
              type: "button",
              lang: HTML_LANGUAGE[language],
              "data-language": language,
              "aria-pressed": String(language === words.language),
              onclick: () => app.switchLanguage(language),
            },
            name,
          ),
        ),
      ),
    ),
    !inVisit &&
      document.body.dataset.voila &&
      h(
        "nav",
        { "aria-label": words.say("way-back") },
        h("a", { class: "link", href: "home" }, words.say("to-start")),
      ),
    inVisit &&
      h(
        "nav",
        { "aria-label": words.say("way-back") },
        back(words.say("to-list"), () => app.goList()),
        inForm && back(words.say("to-tasks"), () => app.goStep("tasks")),
        inForm && h("span", { class: "whose" }, householdWords(app, visit).title),
      ),
  ].filter(Boolean);
}

/** The one main action, always at the same place. */
function actionParts(app) {
  const { words, here } = app;
  const main = (text, act) => [h("button", { type: "button", class: "main", onclick: act }, text)];
  if (here.screen === "list") {
    const next = nextVisit(app, "");
    if (!next) return [];
    const [button] = main(words.say("next-household", { household: householdWords(app, next).title }), () => app.openVisit(next.assignment_id));
    button.dataset.next = next.assignment_id;
    return [button];
  }
  const record = app.records.get(here.id);
  const visit = app._visit(here.id);
  if (here.step === "done") return doneWays(app, visit).slice(0, 1);
  if (here.step === "start" || (!record && here.step !== "cannot" && here.step !== "loading")) {
    return main(words.say("start"), () => app.begin(visit, "first"));
  }
  if (here.step === "check" && record) return main(words.say(record.of ? "finish-correction" : "finish"), () => app.finish());
  if (here.step === "tasks" && record) return main(words.say("to-check"), () => app.goStep("check"));
  const place = app.form.sections.findIndex((s) => s.code === here.step);
  if (place < 0 || !record) return [];
  const next = app.form.sections[place + 1];
  const text = next ? words.say("next-section", { section: words.of(next) }) : words.say("to-check");
  return main(text, () => app.goOn(app.page));
}

/** What of the visit is saved, and where. */
function statusText(app) {
  const { words } = app;
  if (app.keep.failed) return words.say("status-no-keep");
  const record = app.here.screen === "visit" ? app.records.get(app.here.id) : null;
  const time = record?.at ? words.time(record.at) : "";
  if (app.link.state === "offline") return words.say(record && app.records.isUnsaved(record) ? "status-offline-kept" : "status-offline", { time });
  if (app.link.state === "busy") return words.say("status-busy", { time });
  if (!record) return "";
  if (record.conflict) return words.say("status-conflict");
  if (record.pending) return words.say("status-handing-in");
  if (record.refused) return words.of(record.refused.words);
  if (app.records.isUnsaved(record)) return words.say("status-saving");
  return record.savedAt ? words.say("status-saved", { time: words.time(record.savedAt) }) : "";
}
