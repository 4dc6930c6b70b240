// Says what is being done until the first widget stands; what the page learns of its kernel.
(() => {
  const slow = setTimeout(() => {
    const line = document.getElementById("loading_slow");
    if (line) line.hidden = false;
  }, 8000);
  const awaited = () => {
    const one = {};
    one.promise = new Promise((resolve) => { one.resolve = resolve; });
    return one;
  };
  const kernel = awaited();
  const cells = awaited();
  window.house = { kernel: kernel.promise, cells: cells.promise };
  window.opening = (words) => {
    const line = document.getElementById("loading_text");
    if (line) line.textContent = words;
  };
  const given = (id) => JSON.parse(document.getElementById(id).textContent);
  window.kernelIsHere = () => kernel.resolve(given("jupyter-config-data"));
  window.cellsAreHere = () => cells.resolve(given("widget-states"));
  const show = () => {
    clearTimeout(slow);
    const loading = document.getElementById("loading");
    if (loading) loading.remove();
    document.getElementById("rendered_cells").classList.remove("waiting");
    performance.mark("audit-first-widget");
  };
  const drawn = () => document.querySelector(
    "#rendered_cells .jupyter-widgets, #rendered_cells .house-output"
  );
  window.house.shown = () => {
    if (drawn()) { show(); return; }
    const watch = new MutationObserver(() => {
      if (drawn()) { watch.disconnect(); show(); }
    });
    watch.observe(document.getElementById("rendered_cells"), { childList: true, subtree: true });
  };
})();
