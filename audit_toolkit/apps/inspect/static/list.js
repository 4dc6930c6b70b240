// The own list: villages in order, households in the order of the visits, each with its state.

const FILTERS = ["all", "todo", "begun", "done"];

/** Where a visit stands, in a word for the program and in words for the person. */
function visitState(app, visit) {
  const { words, form } = app;
  const progress = app.progress.get(visit.assignment_id);
  const record = app.records.get(visit.assignment_id);
  const picturesLeft = app.records.picturesOf(visit.assignment_id).some((p) => !p.stored);
  if (visit.state === "replaced") return { kind: "done", text: words.say("state-replaced") };
  if (record?.conflict || record?.refused) return { kind: "begun", look: true, text: words.say("state-look") };
  if (record?.pending) {
    return { kind: "done", unsent: true, text: words.say("state-finished-here", { time: words.time(record.pending.device_at) }) };
  }
  if (record && app.records.isUnsaved(record)) {
    return { kind: "begun", unsent: true, text: words.say("state-begun-here", { time: words.time(record.at) }) };
  }
  if (progress?.version) {
    const outcome = form.outcomes.find((o) => o.code === progress.outcome);
    const fields = { outcome: words.of(outcome), time: words.time(progress.finished_at) };
    const next = outcome?.next_step ?? "finish";
    const text = words.say(`state-${next}`, fields);
    return { kind: next === "finish" ? "done" : "todo", next, unsent: picturesLeft, text };
  }
  if (progress?.draft_at) {
    return { kind: "begun", text: words.say("state-begun", { time: words.time(progress.draft_at) }) };
  }
  if (record) return { kind: "begun", text: words.say("state-begun-plain") };
  return { kind: "new", text: words.say("state-new") };
}

function matches(filter, kind) {
  if (filter === "all") return true;
  if (filter === "todo") return kind !== "done";
  return filter === kind;
}

/** The first visit after `id` in the list that is still to be made. */
function nextVisit(app, id) {
  const visits = app.visits.filter((v) => v.state !== "replaced");
  const place = visits.findIndex((v) => v.assignment_id === id);
  const order = [...visits.slice(place + 1), ...visits.slice(0, Math.max(place, 0))];
  return order.find((v) => ["new", "begun"].includes(visitState(app, v).kind)) ?? null;
}

function householdWords(app, visit) {
  const place = [visit.village_name, visit.group_name].filter(Boolean).join(" · ");
  return { title: app.words.say("household", { number: visit.number, head: visit.head_name }), place };
}

function listScreen(app) {
  const { words } = app;
  const states = new Map(app.visits.map((v) => [v.assignment_id, visitState(app, v)]));
  const counted = app.visits.filter((v) => v.state !== "replaced");
  const done = counted.filter((v) => states.get(v.assignment_id).kind === "done").length;
  const unsent = [...states.values()].filter((s) => s.unsent).length;
  const next = nextVisit(app, "");
  const filter = app.filter ?? "all";
  const shown = app.visits.filter((v) => matches(filter, states.get(v.assignment_id).kind));
  return h(
    "section",
    {},
    h("h1", { tabindex: "-1" }, words.say("list-title")),
    h("p", { class: "lead" }, listLead(app, counted.length, next)),
    counted.length > 0 && progressPart(words, done, counted.length, unsent),
    villagesAhead(app),
    counted.length > 0 &&
      h(
        "div",
        { class: "filters", role: "group", "aria-label": words.say("filter-label") },
        FILTERS.map((name) =>
          h(
            "button",
            {
              type: "button",
              class: "chip",
              "aria-pressed": String(name === filter),
              onclick: () => app.setFilter(name),
            },
            words.say(`filter-${name}`),
          ),
        ),
      ),
    shown.length === 0 && counted.length > 0 && h("p", { class: "empty" }, words.say("filter-empty")),
    byVillage(shown).map(([village, visits]) =>
      h(
        "section",
        { class: "village" },
        h("h2", {}, village),
        h(
          "ol",
          { class: "rows" },
          visits.map((v) => householdRow(app, v, states.get(v.assignment_id))),
        ),
      ),
    ),
  );
}

function listLead(app, count, next) {
  const { words } = app;
  if (app.villages.length === 0) return words.say("list-empty");
  if (count === 0) return words.say("list-not-arrived");
  return next ? words.say("list-lead") : words.say("list-finished");
}

function progressPart(words, done, total, unsent) {
  return h(
    "div",
    { class: "how-far" },
    h("progress", { max: total, value: done, "aria-label": words.say("progress-label") }),
    h("p", {}, words.say("progress", { done, total })),
    unsent > 0 && h("p", { class: "warn" }, words.say("progress-unsent", { count: unsent })),
  );
}

function villagesAhead(app) {
  const { words } = app;
  const ahead = app.villages.filter((v) => !v.arrived_at);
  if (!ahead.length) return null;
  return h(
    "section",
    { class: "village ahead" },
    h("h2", {}, words.say("villages-ahead")),
    ahead.map((village) =>
      h(
        "div",
        { class: "arrive" },
        h("strong", {}, village.village_name),
        h("p", { class: "hint" }, words.say("arrive-hint")),
        h(
          "button",
          { type: "button", class: "main", onclick: (event) => app.arrive(village, event.target) },
          words.say("arrive", { village: village.village_name }),
        ),
      ),
    ),
  );
}

function byVillage(visits) {
  const groups = new Map();
  for (const visit of visits) {
    const name = `${visit.township} ${visit.village_name}`.trim();
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(visit);
  }
  return [...groups.entries()];
}

function householdRow(app, visit, state) {
  const { title } = householdWords(app, visit);
  const replaced = visit.state === "replaced";
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        class: `row state-${state.kind}${state.look ? " look" : ""}`,
        "data-visit": visit.assignment_id,
        onclick: () => app.openVisit(visit.assignment_id),
        disabled: replaced,
      },
      h("span", { class: "row-title" }, title),
      h("span", { class: "row-place" }, visit.group_name),
      h("span", { class: "row-state" }, state.text),
    ),
  );
}
