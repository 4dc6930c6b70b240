// Opens a page: joins the line to the kernel while the kernel still works, then shows its cells.

import { canShow, showComponents } from "./components.js";
import { Comm, Line, putBuffers } from "./line.js";

const WIDGET = "application/vnd.jupyter.widget-view+json";

/** Widget states as the server noted them: buffers put back, addresses made whole. */
function statesOf(given) {
  for (const one of Object.values(given)) {
    const address = one.state._esm?.address;
    if (address) one.state._esm = new URL(address, location.href).href;
    const buffers = one.buffers.map(({ data }) => new DataView(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer));
    putBuffers(one.state, one.buffers.map(({ path }) => path), buffers);
  }
  return given;
}

/** What is shown of an output that is no widget. */
function plainOutput(output) {
  const data = output.data ?? {};
  const kind = ["text/html", "image/svg+xml", "image/png", "text/plain"].find((name) => name in data);
  const box = document.createElement("div");
  box.className = "house-output";
  const said = output.text ?? data[kind] ?? "";
  const content = Array.isArray(said) ? said.join("") : said;
  if (kind === "image/png") {
    const image = document.createElement("img");
    image.src = `data:image/png;base64,${content.trim()}`;
    image.alt = [data["text/plain"]].flat().join("");
    box.append(image);
  } else if (kind === "text/html" || kind === "image/svg+xml") {
    box.innerHTML = content;
  } else {
    box.textContent = content;
  }
  return box;
}

/** Put plain outputs in place; return where each widget goes. */
function layOut() {
  const places = [];
  for (const script of document.querySelectorAll('script[type="application/vnd.voila.cell-output+json"]')) {
    const output = JSON.parse(script.textContent);
    const view = output.data?.[WIDGET];
    if (view) places.push({ id: view.model_id, place: script.parentElement });
    else script.parentElement.append(plainOutput(output));
  }
  return places;
}

/** Let the kernel go as the page is left; a page that comes back from memory begins anew. */
function leaveNothing(config) {
  window.addEventListener("pagehide", () => {
    const form = new FormData();
    form.append("_xsrf", /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? "");
    navigator.sendBeacon(`${config.baseUrl}voila/api/shutdown/${config.kernelId}`, form);
  });
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
}

async function open() {
  const config = await window.house.kernel;
  leaveNothing(config);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const line = new Line(`${scheme}//${location.host}${config.baseUrl}api/kernels/${config.kernelId}/channels`);
  const comms = new Map();
  const commOf = (id) => {
    if (!comms.has(id)) comms.set(id, new Comm(line, id));
    return comms.get(id);
  };
  const states = statesOf(await window.house.cells);
  const places = layOut();
  let make = () => {};
  if (canShow(states, places.map(({ id }) => id))) {
    await showComponents(states, places, commOf);
  } else {
    const { showWidgets } = await import("./controls.js");
    make = await showWidgets(states, places, commOf, config.fronts);
  }
  line.begin((message) => {
    const { header, content, buffers } = message;
    const comm = comms.get(content.comm_id);
    if (header.msg_type === "comm_msg" && comm) for (const act of comm.hearers) act(message);
    if (header.msg_type === "comm_close" && comm) {
      comms.delete(content.comm_id);
      for (const act of comm.closers) act(message);
    }
    if (header.msg_type === "comm_open" && !comm && content.target_name === "jupyter.widget") {
      make(content.comm_id, content.data, buffers);
    }
  });
  window.house.shown();
}

open();
