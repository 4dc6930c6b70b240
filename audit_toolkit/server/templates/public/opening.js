// Says what is being done until the first widget stands; Voila's front end calls display_cells.
(() => {
  const slow = setTimeout(() => {
    const line = document.getElementById("loading_slow");
    if (line) line.hidden = false;
  }, 8000);
  window.opening = (words) => {
    const line = document.getElementById("loading_text");
    if (line) line.textContent = words;
  };
  const show = () => {
    clearTimeout(slow);
    const loading = document.getElementById("loading");
    if (loading) loading.remove();
    document.getElementById("rendered_cells").classList.remove("waiting");
    performance.mark("audit-first-widget");
  };
  const drawn = () => document.querySelector(
    "#rendered_cells .jupyter-widgets, #rendered_cells .jp-RenderedText, #rendered_cells .jp-RenderedHTML"
  );
  window.display_cells = () => {
    if (drawn()) { show(); return; }
    const watch = new MutationObserver(() => {
      if (drawn()) { watch.disconnect(); show(); }
    });
    watch.observe(document.getElementById("rendered_cells"), { childList: true, subtree: true });
  };
  window.voila_finish = () => { window.themeLoaded = true; window.display_cells(); };
  window.cellsAreHere = () => { window.cellLoaded = true; window.display_cells(); };
  window.voila_heartbeat = () => {};
})();
