// What this device keeps until the store has it: texts in localStorage, photos in IndexedDB.
// Everything is named by round and person, so that two people on one device never mix.

const PHOTO_BASE = "audit-toolkit-photos";

function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

class Keep {
  constructor(round, person) {
    this.prefix = `audit|${round}|${person}|`;
    this.failed = false;
  }

  /** Write at once; the caller goes on only when it is kept. */
  put(name, value) {
    try {
      localStorage.setItem(this.prefix + name, JSON.stringify(value));
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  get(name) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + name));
    } catch {
      return null;
    }
  }

  drop(name) {
    try {
      localStorage.removeItem(this.prefix + name);
    } catch {
      this.failed = true;
    }
  }

  names(kind) {
    const start = this.prefix + kind;
    try {
      return Object.keys(localStorage)
        .filter((key) => key.startsWith(start))
        .map((key) => key.slice(this.prefix.length));
    } catch {
      return [];
    }
  }
}

class PhotoKeep {
  constructor(prefix) {
    this.prefix = prefix;
    this.base = null;
    this.memory = new Map();
  }

  async _store(mode) {
    this.base ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(PHOTO_BASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("photos", { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return (await this.base).transaction("photos", mode).objectStore("photos");
  }

  async _ask(mode, act) {
    const request = act(await this._store(mode));
    return new Promise((resolve, reject) => {
      const done = () => resolve(request.result);
      if (mode === "readwrite") request.transaction.oncomplete = done;
      else request.onsuccess = done;
      request.onerror = () => reject(request.error);
    });
  }

  /** Keep a photo; where the device has no such base it stays in this page. */
  async put(photo) {
    const kept = { ...photo, owner: this.prefix };
    this.memory.set(photo.id, kept);
    try {
      await this._ask("readwrite", (store) => store.put(kept));
    } catch {
      this.base = null;
    }
  }

  async drop(id) {
    this.memory.delete(id);
    try {
      await this._ask("readwrite", (store) => store.delete(id));
    } catch {
      this.base = null;
    }
  }

  async all() {
    try {
      for (const photo of await this._ask("readonly", (store) => store.getAll())) {
        if (photo.owner === this.prefix) this.memory.set(photo.id, photo);
      }
    } catch {
      this.base = null;
    }
    return [...this.memory.values()].sort((a, b) => a.at.localeCompare(b.at));
  }
}

/** A photo made small: at most 1600 points long, JPEG, without the camera's hidden notes. */
async function shrink(file, longest = 1600) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", 0.8);
  });
}
