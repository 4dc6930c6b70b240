// Hosts the widgets' own front end: the one script that ipywidgets brings for a plain page.
//
// It expects to be loaded by a notebook page; what it asks of one is answered here as far as it
// needs it. Its manager is then given the states that the page holds, without asking the kernel.

import { putBuffers } from "./line.js";

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error(address));
    document.head.append(script);
  });
}

/** Load a script that defines itself by a list of names and a function of their modules. */
async function defined(address, modules) {
  let made;
  window.define = (names, make) => {
    made = make(...names.map((name) => modules[name]));
  };
  await load(address);
  delete window.define;
  return made;
}

const nothing = () => {};

/** What the script asks a notebook page for. */
function pageOf(comms) {
  const actions = { register: nothing, get: nothing };
  const notebook = {
    metadata: {},
    keyboard_manager: { actions },
    container: { on: nothing },
    events: { on: nothing },
    kernel: { comm_manager: comms },
  };
  return {
    version: "6.5.0",
    notebook,
    notification_area: { widget: nothing },
    menubar: { actions },
  };
}

/** The script puts a menu beside this; it is taken away again at once. */
function menuBar() {
  const bar = document.createElement("div");
  bar.hidden = true;
  const item = document.createElement("div");
  const help = document.createElement("div");
  help.id = "help_menu";
  item.append(help);
  bar.append(item);
  document.body.append(bar);
  return bar;
}

async function managerOf(address, loadOther) {
  const comms = { register_target: nothing, register_comm: nothing };
  const page = pageOf(comms);
  const modules = {
    "base/js/namespace": page,
    "base/js/events": { on: nothing },
    "notebook/js/outputarea": { OutputArea: class { register_mime_type() {} } },
    "base/js/dialog": {},
    "services/kernels/comm": {},
    module: { uri: address },
  };
  const require = (names, act, failed) => {
    if (names.every((name) => name in modules)) act?.(...names.map((name) => modules[name]));
    else loadOther(names[0]).then(act, failed);
  };
  require.config = nothing;
  window.Jupyter = page;
  window.requirejs = window.require = require;
  const widgets = await defined(address, modules);
  const bar = menuBar();
  await widgets.load_ipython_extension();
  bar.remove();
  return { widgets, manager: page.notebook.kernel.widget_manager };
}

/** Show widgets of any kind; returns what to do with a widget that the kernel makes later. */
export async function showWidgets(states, places, commOf, addresses) {
  let known;
  const loadOther = async (name) => {
    if (name !== "anywidget") throw new Error(`no front end for ${name}`);
    return defined(addresses.anywidget, { "@jupyter-widgets/base": known });
  };
  const { widgets, manager } = await managerOf(addresses.controls, loadOther);
  known = widgets;
  const make = (id, state) =>
    manager.new_model(
      {
        model_id: id,
        model_name: state._model_name,
        model_module: state._model_module,
        model_module_version: state._model_module_version,
        comm: commOf(id),
      },
      state,
    );
  await Promise.all(Object.entries(states).map(([id, { state }]) => make(id, state)));
  await Promise.all(
    places.map(async ({ id, place }) => {
      const view = await manager.create_view(await manager.get_model(id));
      // Every widget class of theirs knows how to attach one, and tells those within of it.
      view.luminoWidget.constructor.attach(view.luminoWidget, place);
    }),
  );
  return (id, data, buffers) => {
    putBuffers(data.state, data.buffer_paths ?? [], buffers);
    return make(id, data.state);
  };
}
