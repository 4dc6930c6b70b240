// What the questionnaire asks of the answers. The same checks as `fieldwork.visits`, which decides;
// a test gives both the same answers. Numbers are whole cents, so that nothing is rounded.

const COUNT_FORM = /^(0|[1-9][0-9]*)$/;
const YUAN_FORM = /^-?(0|[1-9][0-9]*)(\.[0-9]{1,2})?$/;
const LONGEST_ANSWER = 40;

function isWellFormed(question, value) {
  return (question.kind === "count" ? COUNT_FORM : YUAN_FORM).test(value);
}

/** Plain digits for what people type: full-width digits, separators, units, ten thousands (万). */
function plainNumber(text) {
  let plain = text.normalize("NFKC").replace(/[\s,，、]|元|人/g, "").replace("−", "-");
  const ten = /^(-?\d+)(?:\.(\d{1,4}))?万$/.exec(plain);
  if (ten) plain = String(BigInt(ten[1] + (ten[2] ?? "").padEnd(4, "0")));
  return plain.replace(/^(-?)0+(?=\d)/, "$1").replace(/^(-?)\./, "$10.").replace(/\.$/, "");
}

/** Cents of well-formed decimal text. */
function cents(text) {
  const [whole, part = ""] = text.replace("-", "").split(".");
  const size = BigInt(whole + part.padEnd(2, "0"));
  return text.startsWith("-") ? -size : size;
}

function fromCents(value) {
  const size = value < 0n ? -value : value;
  const text = `${size / 100n}.${String(size % 100n).padStart(2, "0")}`;
  return (value < 0n ? "-" : "") + text;
}

function isNumeric(question) {
  return question.options.length === 0;
}

function applies(question, answers) {
  return !question.only_if || question.only_if_values.includes(answers[question.only_if] ?? "");
}

function askedQuestions(form, answers, section) {
  return form.questions.filter(
    (q) => (section === undefined || q.section === section) && applies(q, answers),
  );
}

function missingQuestions(form, answers, section) {
  return askedQuestions(form, answers, section).filter((q) => !answers[q.code]);
}

/** What is wrong with the answers given; what is missing is not among it. */
function hardProblems(form, answers) {
  const found = [];
  for (const q of askedQuestions(form, answers)) {
    const got = answers[q.code];
    if (!got) continue;
    const problem = (code, more) => found.push({ code, question: q.code, got, ...more });
    if (got.length > LONGEST_ANSWER) {
      problem("visit-text-too-long", { limit: String(LONGEST_ANSWER) });
    } else if (q.options.length) {
      if (!q.options.some((o) => o.code === got)) problem("visit-not-an-option", {});
    } else if (!isWellFormed(q, got)) {
      problem(`visit-not-${q.kind}`, {});
    } else if (q.low && cents(got) < cents(q.low)) {
      problem("visit-too-low", { limit: q.low });
    } else if (q.high && cents(got) > cents(q.high)) {
      problem("visit-too-high", { limit: q.high });
    }
  }
  for (const { part, whole } of form.parts) {
    const some = answers[part] ?? "";
    const all = answers[whole] ?? "";
    const both = COUNT_FORM.test(some) && COUNT_FORM.test(all);
    if (both && BigInt(some) > BigInt(all)) {
      found.push({ code: "visit-part-above-whole", question: part, got: some, whole, limit: all });
    }
  }
  return found;
}

/** What is unlikely and is asked back; it may be confirmed. */
function softProblems(form, answers) {
  const found = [];
  const numbers = {};
  for (const q of form.questions) {
    const got = answers[q.code] ?? "";
    if (isNumeric(q) && isWellFormed(q, got)) numbers[q.code] = cents(got);
  }
  const ask = (code, question, more) =>
    found.push({ code, question, got: answers[question] ?? "", ...more });
  for (const q of form.questions) {
    if (q.soft_high && q.code in numbers && numbers[q.code] > cents(q.soft_high)) {
      ask("visit-soft-high", q.code, { limit: q.soft_high });
    }
  }
  const signed = form.questions.filter((q) => q.income_sign);
  if (signed.some((q) => q.code in numbers)) {
    const gross = signed
      .filter((q) => q.income_sign === "+")
      .reduce((sum, q) => sum + (numbers[q.code] ?? 0n), 0n);
    if (gross === 0n) {
      if (signed.every((q) => q.code in numbers)) ask("visit-soft-no-income", signed[0].code, {});
    } else if ((numbers.one_off_income ?? 0n) > gross) {
      ask("visit-soft-one-off", "one_off_income", { total: fromCents(gross) });
    }
  }
  for (const [code, larger, smaller] of [
    ["cost", "production_cost", "operation_income"],
    ["residents", "residents_count", "registered_count"],
  ]) {
    if (smaller in numbers && (numbers[larger] ?? numbers[smaller]) > numbers[smaller]) {
      ask(`visit-soft-${code}`, larger, { limit: answers[smaller] });
    }
  }
  return found;
}

/** The worksheet's sums: net income of the household and per head, null where a part is open. */
function worksheet(form, answers) {
  const signed = form.questions.filter((q) => q.income_sign);
  let net = 0n;
  for (const q of signed) {
    const got = answers[q.code] ?? "";
    if (!isWellFormed(q, got)) return { net: null, perHead: null, heads: null };
    net += q.income_sign === "+" ? cents(got) : -cents(got);
  }
  const heads = answers.registered_count ?? "";
  if (!COUNT_FORM.test(heads) || heads === "0") {
    return { net: fromCents(net), perHead: null, heads: null };
  }
  const count = BigInt(heads);
  const down = net / count - (net < 0n && net % count !== 0n ? 1n : 0n);
  return { net: fromCents(net), perHead: fromCents(down), heads };
}

/** Only what was asked, in the order of the questionnaire. */
function handedIn(form, answers) {
  const asked = askedQuestions(form, answers).filter((q) => answers[q.code]);
  return Object.fromEntries(asked.map((q) => [q.code, answers[q.code]]));
}

/** A count that is part of none is none. */
function fillForced(form, answers) {
  let filled = false;
  for (const { part, whole } of form.parts) {
    if (answers[whole] === "0" && !answers[part]) {
      answers[part] = "0";
      filled = true;
    }
  }
  return filled;
}

function softKey(problem) {
  return `soft:${problem.code}:${problem.question}`;
}

function openSoft(form, answers, notes) {
  return softProblems(form, answers).filter((p) => notes[softKey(p)] !== (p.got || "0"));
}
