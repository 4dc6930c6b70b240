// Shows components of the "anywidget" kind without any library: most pages hold nothing else.

import { putBuffers } from "./line.js";

const MODULE = "anywidget";

/** Whether all that is to be shown is of this kind and stands alone. */
export function canShow(states, shown) {
  return shown.every((id) => {
    const state = states[id]?.state;
    return state?._model_module === MODULE && !Object.entries(state).some(([name, value]) => name !== "layout" && holdsWidget(value));
  });
}

function holdsWidget(value) {
  if (typeof value === "string") return value.startsWith("IPY_MODEL_");
  return value !== null && typeof value === "object" && !ArrayBuffer.isView(value) && Object.values(value).some(holdsWidget);
}

/** What a component's script is given: values by name, events, and the way to the kernel. */
class Model {
  constructor(comm, state) {
    this.comm = comm;
    this.state = state;
    this.changed = new Set();
    this.hearers = new Map();
    comm.on_msg((message) => this._take(message));
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    this.changed.add(name);
    this._tell(`change:${name}`, this, value);
    this._tell("change", this);
  }

  save_changes() {
    if (!this.changed.size) return;
    const state = Object.fromEntries([...this.changed].map((name) => [name, this.state[name]]));
    this.changed.clear();
    this.comm.send({ method: "update", state, buffer_paths: [] });
  }

  send(content, callbacks, buffers) {
    this.comm.send({ method: "custom", content }, callbacks, {}, buffers);
  }

  on(name, act) {
    for (const one of name.split(" ")) this.hearers.set(one, [...(this.hearers.get(one) ?? []), act]);
  }

  off(name, act) {
    if (!name) {
      this.hearers.clear();
      return;
    }
    for (const one of name.split(" ")) {
      this.hearers.set(one, act ? (this.hearers.get(one) ?? []).filter((kept) => kept !== act) : []);
    }
  }

  _take(message) {
    const { data } = message.content;
    if (data.method === "custom") this._tell("msg:custom", data.content, message.buffers);
    // An echo tells what this page itself set.
    if (data.method !== "update") return;
    putBuffers(data.state, data.buffer_paths ?? [], message.buffers);
    const names = Object.keys(data.state).filter((name) => this.state[name] !== data.state[name]);
    Object.assign(this.state, data.state);
    for (const name of names) this._tell(`change:${name}`, this, this.state[name]);
    if (names.length) this._tell("change", this);
  }

  _tell(name, ...told) {
    for (const act of this.hearers.get(name) ?? []) act(...told);
  }
}

async function scriptOf(source) {
  if (source.startsWith(`${location.origin}/`)) return import(source);
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

function addStyle(css) {
  if (!css) return;
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
}

/** Show components; ``commOf`` gives each its part of the line. */
export async function showComponents(states, places, commOf) {
  const models = new Map();
  await Promise.all(
    places.map(async ({ id, place }) => {
      const { state } = states[id];
      const script = await scriptOf(state._esm);
      const known = models.get(id);
      const model = known ?? new Model(commOf(id), state);
      models.set(id, model);
      const kind = typeof script.default === "function" ? await script.default() : script.default;
      const { signal } = new AbortController();
      if (!known) {
        addStyle(state._css);
        await kind.initialize?.({ model, signal });
      }
      const el = document.createElement("div");
      el.className = "jupyter-widgets";
      place.append(el);
      await kind.render?.({ model, el, signal });
    }),
  );
}
