// The line to the kernel: calls with answers, and whether it is there.
//
// The front end reconnects by itself and sends later what was asked meanwhile; every call may
// therefore arrive twice, and the other end takes it once. A kernel that was killed comes back
// bare or not at all: only a new page helps, and all that was typed is on the device.

const PING_MS = 2000;
const SILENT_MS = 6000;
const PROBE_MS = 3000;
const ANSWER_MS = 20000;

function pageSettings() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data").textContent);
  } catch {
    return {};
  }
}

class Link {
  constructor(model, onState, onReload) {
    this.model = model;
    this.onState = onState;
    this.onReload = onReload;
    this.state = "up";
    this.waiting = new Map();
    this.next = 1;
    this.heard = Date.now();
    this.bare = 0;
    this.session = newName().slice(0, 8);
    const settings = pageSettings();
    this.kernel = settings.kernelId
      ? `${settings.baseUrl ?? "/"}api/kernels/${settings.kernelId}`
      : null;
    this._hear = (message, buffers) => this._answer(message, buffers);
    model.on("msg:custom", this._hear);
    this.timer = setInterval(() => this._beat(), PING_MS);
  }

  close() {
    clearInterval(this.timer);
    this.model.off("msg:custom", this._hear);
  }

  /** Ask the kernel; rejects with {lost: true} where no answer came, with the refusal otherwise. */
  call(kind, body = {}, buffers = []) {
    const id = `${this.session}-${this.next++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject({ lost: true });
      }, ANSWER_MS);
      this.waiting.set(id, { resolve, reject, timer });
      try {
        this.model.send({ id, kind, ...body }, undefined, buffers);
      } catch {
        clearTimeout(timer);
        this.waiting.delete(id);
        reject({ lost: true });
      }
    });
  }

  _answer(message) {
    this.heard = Date.now();
    this.bare = 0;
    this._become("up");
    const asked = this.waiting.get(message.id);
    if (!asked) return;
    this.waiting.delete(message.id);
    clearTimeout(asked.timer);
    if (message.ok) asked.resolve(message.result);
    else asked.reject(message.refusal);
  }

  _become(state) {
    if (this.state === state) return;
    this.state = state;
    if (state !== "up") this._giveUpWaiting();
    this.onState(state);
  }

  /** What is asked is asked again once the line is back; nobody waits for the old answer. */
  _giveUpWaiting() {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject({ lost: true });
    }
    this.waiting.clear();
  }

  _beat() {
    const silent = Date.now() - this.heard;
    if (silent < SILENT_MS || Math.random() < 0.4) {
      try {
        this.model.send({ id: "", kind: "ping" });
      } catch {
        this.heard = Math.min(this.heard, Date.now() - SILENT_MS);
      }
    }
    if (silent >= SILENT_MS && !this.probing) this._probe();
  }

  async _probe() {
    this.probing = true;
    const before = this.heard;
    const verdict = await this._lookAtKernel();
    this.probing = false;
    if (this.heard !== before) return;
    if (verdict === "reload") this.onReload();
    else this._become(verdict);
  }

  async _lookAtKernel() {
    if (!this.kernel) return navigator.onLine ? "busy" : "offline";
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), PROBE_MS);
    try {
      const answer = await fetch(this.kernel, {
        signal: abort.signal,
        redirect: "manual",
        cache: "no-store",
        credentials: "same-origin",
      });
      if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) {
        return "reload";
      }
      if (!answer.ok) return "offline";
      const kernel = await answer.json();
      if (!kernel.connections) return "offline";
      if (kernel.execution_state !== "idle") return "busy";
      this.bare += 1;
      return this.bare >= 3 ? "reload" : "busy";
    } catch {
      return "offline";
    } finally {
      clearTimeout(timer);
    }
  }
}
