// One screen: shows the HTML that Python gives, sends back what is chosen, keeps focus and place.
// Nothing is decided here: every act is named, and the model behind it allows or refuses it.

const WAIT_WORDS_MS = 600;
const NO_ANSWER_MS = 15000;

function baseAddress() {
  const given = document.body.dataset.baseUrl || "";
  return given.replace(/voila\/$/, "");
}

function keepLanguage(language) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  if (document.body.dataset.voila) {
    const path = baseAddress() || "/";
    document.cookie = `audit-language=${language}; path=${path}; max-age=31536000; samesite=lax`;
  }
}

function askedLanguage() {
  const asked = document.documentElement.lang.toLowerCase();
  if (!document.body.dataset.voila || !asked) return "";
  return asked.startsWith("zh") ? "zh" : "en";
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "at-screen";
  const page = document.createElement("div");
  const status = document.createElement("p");
  status.className = "at-status";
  status.setAttribute("role", "status");
  root.append(page, status);
  // The page that opens looks for this before it takes its own words away.
  el.classList.add("jupyter-widgets");
  el.append(root);

  const hasAddress = Boolean(document.body.dataset.voila);
  let waiting = 0;
  let wordsTimer = 0;
  let lostTimer = 0;
  let shown = null;

  function keyOf(node) {
    return node && node.dataset ? node.dataset.key || "" : "";
  }

  function paint() {
    const moved = shown !== null && model.get("address") !== shown;
    shown = model.get("address");
    if (moved) follow();
    const kept = keyOf(document.activeElement && root.contains(document.activeElement)
      ? document.activeElement : null);
    const open = new Set(
      [...page.querySelectorAll("details[open][data-key]")].map((d) => d.dataset.key),
    );
    page.innerHTML = model.get("html");
    for (const one of page.querySelectorAll("details[data-key]")) {
      if (open.has(one.dataset.key)) one.open = true;
    }
    const summary = page.querySelector(".at-error");
    const heading = page.querySelector("h1");
    if (summary) {
      summary.focus();
    } else if (moved && heading) {
      heading.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    } else if (kept) {
      const again = page.querySelector(`[data-key="${CSS.escape(kept)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
    document.title = model.get("title");
  }

  function say(words, lost = false) {
    status.textContent = words;
    status.classList.toggle("at-lost", lost);
  }

  function begin() {
    waiting += 1;
    root.setAttribute("aria-busy", "true");
    clearTimeout(wordsTimer);
    clearTimeout(lostTimer);
    wordsTimer = setTimeout(() => say(model.get("wait_words")), WAIT_WORDS_MS);
    lostTimer = setTimeout(() => say(model.get("lost_words"), true), NO_ANSWER_MS);
  }

  function end() {
    waiting = Math.max(0, waiting - 1);
    if (waiting) return;
    root.removeAttribute("aria-busy");
    clearTimeout(wordsTimer);
    clearTimeout(lostTimer);
    say(model.get("notice"));
  }

  function act(name, value) {
    begin();
    model.send({ act: name, value: String(value ?? "") });
  }

  page.addEventListener("click", (event) => {
    const node = event.target.closest("[data-act]");
    if (!node || node.matches("select, input")) return;
    event.preventDefault();
    if (node.getAttribute("aria-disabled") === "true") return;
    if (node.dataset.act === "print") {
      window.print();
      return;
    }
    act(node.dataset.act, node.dataset.value);
  });
  page.addEventListener("change", (event) => {
    const node = event.target.closest("select[data-act]");
    if (node) act(node.dataset.act, node.value);
  });

  function save(message, buffers) {
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([buffers[0]], { type: message.media }));
    link.href = address;
    link.download = message.name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }

  function onMessage(message, buffers) {
    if (message.kind === "done") end();
    if (message.kind === "file") save(message, buffers);
  }

  function follow() {
    const address = model.get("address");
    if (!hasAddress || decodeURIComponent(location.hash.slice(1)) === address) return;
    history.pushState(null, "", address ? `#${address}` : location.pathname);
  }

  function goBack() {
    const asked = decodeURIComponent(location.hash.slice(1));
    if (asked !== model.get("address")) act("open", asked);
  }

  // Before printing all tables are opened, and closed again afterwards.
  let closed = [];
  function beforePrint() {
    closed = [...page.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  }
  function afterPrint() {
    for (const one of closed) one.open = false;
  }

  const language = () => keepLanguage(model.get("language"));
  model.on("change:html", paint);
  model.on("change:language", language);
  model.on("msg:custom", onMessage);
  if (hasAddress) window.addEventListener("popstate", goBack);
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);

  paint();
  const wanted = askedLanguage();
  const hash = hasAddress ? decodeURIComponent(location.hash.slice(1)) : "";
  if (wanted && wanted !== model.get("language")) act("language", wanted);
  else language();
  if (hash && hash !== model.get("address")) act("open", hash);

  return () => {
    model.off("change:html", paint);
    model.off("change:language", language);
    model.off("msg:custom", onMessage);
    window.removeEventListener("popstate", goBack);
    window.removeEventListener("beforeprint", beforePrint);
    window.removeEventListener("afterprint", afterPrint);
  };
}

export default { render };
