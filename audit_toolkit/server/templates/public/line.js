// The line from a page to its kernel: Jupyter's messages over one websocket.
//
// What is sent while the line is down waits and goes out once it is back; what comes before the
// page is ready waits too. Codes from 4401 on are the server's last word: ticket or kernel is gone.

const PROTOCOL = "v1.kernel.websocket.jupyter.org";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const LAST_WORD = 4401;
const OFFSET_BYTES = 8;

const text = new TextEncoder();
const words = new TextDecoder();

export const newName = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** One frame of the protocol: a table of offsets, the channel, four JSON parts, the buffers. */
function packed(message) {
  const parts = [
    text.encode(message.channel),
    ...["header", "parent_header", "metadata", "content"].map((name) => text.encode(JSON.stringify(message[name]))),
    ...message.buffers.map(bytesOf),
  ];
  const count = parts.length + 1;
  const head = OFFSET_BYTES * (1 + count);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, head));
  const table = new DataView(whole.buffer);
  table.setUint32(0, count, true);
  let place = head;
  table.setUint32(OFFSET_BYTES, place, true);
  parts.forEach((part, index) => {
    whole.set(part, place);
    place += part.length;
    table.setUint32(OFFSET_BYTES * (index + 2), place, true);
  });
  return whole;
}

function bytesOf(buffer) {
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function unpacked(frame) {
  const table = new DataView(frame);
  const count = table.getUint32(0, true);
  const offset = (index) => table.getUint32(OFFSET_BYTES * (index + 1), true);
  const json = (index) => JSON.parse(words.decode(new Uint8Array(frame, offset(index), offset(index + 1) - offset(index))));
  const buffers = [];
  for (let index = 5; index < count - 1; index += 1) {
    buffers.push(new DataView(frame, offset(index), offset(index + 1) - offset(index)));
  }
  return { header: json(1), parent_header: json(2), metadata: json(3), content: json(4), buffers };
}

export class Line {
  constructor(address) {
    this.session = newName();
    this.address = `${address}?session_id=${this.session}`;
    this.unsent = [];
    this.unheard = [];
    this.answers = new Map();
    this.hear = null;
    this.wait = FIRST_WAIT_MS;
    window.addEventListener("online", () => this._again(0));
    this._open();
  }

  /** From now on hand every message to ``hear``; first what came before. */
  begin(hear) {
    this.hear = hear;
    for (const message of this.unheard.splice(0)) this._hand(message);
  }

  /** Send a message; ``callbacks`` hear of what the kernel does with it. Returns its name. */
  send(kind, content, callbacks, metadata, buffers) {
    const name = newName();
    const header = { msg_id: name, msg_type: kind, session: this.session, username: "", version: "5.3", date: new Date().toISOString() };
    if (callbacks?.iopub?.status) this.answers.set(name, callbacks);
    const frame = packed({ channel: "shell", header, parent_header: {}, metadata: metadata ?? {}, content, buffers: buffers ?? [] });
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(frame);
    else this.unsent.push(frame);
    return name;
  }

  _open() {
    this.timer = null;
    const socket = new WebSocket(this.address, [PROTOCOL]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      for (const frame of this.unsent.splice(0)) socket.send(frame);
    };
    socket.onmessage = (event) => {
      const message = unpacked(event.data);
      if (this.hear) this._hand(message);
      else this.unheard.push(message);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (event.code >= LAST_WORD) return;
      this._again(this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    };
  }

  _again(after) {
    if (this.socket || window.house.failed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this._open(), after);
  }

  _hand(message) {
    const asked = message.parent_header?.msg_id;
    if (message.header.msg_type === "status") {
      const callbacks = this.answers.get(asked);
      if (message.content.execution_state === "idle") this.answers.delete(asked);
      callbacks?.iopub.status(message);
      return;
    }
    this.hear(message);
  }
}

/** One widget's part of the line. */
export class Comm {
  constructor(line, id) {
    this.line = line;
    this.comm_id = id;
    this.target_name = "jupyter.widget";
    this.hearers = [];
    this.closers = [];
  }

  on_msg(act) {
    this.hearers.push(act);
  }

  on_close(act) {
    this.closers.push(act);
  }

  send(data, callbacks, metadata, buffers) {
    return this.line.send("comm_msg", { comm_id: this.comm_id, data }, callbacks, metadata, buffers);
  }

  close(data, callbacks, metadata, buffers) {
    return this.line.send("comm_close", { comm_id: this.comm_id, data: data ?? {} }, callbacks, metadata, buffers);
  }
}

/** Put buffers back to the places in a state that they were taken from. */
export function putBuffers(state, paths, buffers) {
  paths.forEach((path, index) => {
    let holder = state;
    for (const step of path.slice(0, -1)) holder = holder[step];
    holder[path[path.length - 1]] = buffers[index];
  });
}
