// The instrument as the page knows it: the rows of its tables, their values, what is told beside them; and the
// WebSocket in between. What hands move goes out once a frame, the newest value of each control.

const HOLD_MS = 350;          // a control that was just moved here is not moved back by older news
const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 2000;
const MOST_BUFFERED = 1 << 15;
const LOOK_MS = 1000;
const SILENT_MS = 4000;       // the clock is told twice a second: a connection that tells nothing is gone
const PICTURE = 1;
const THUMBNAIL = 2;

export class Instrument {
  constructor(address) {
    this.address = address;
    this.rows = new Map();
    this.values = new Map();
    this.watchers = new Map();  // path or fact -> functions
    this.moved = new Map();     // what is to be sent with the next frame
    this.touched = new Map();   // path -> when a hand last moved it
    this.late = new Map();      // news of controls that a hand holds
    this.held = new Set();      // controls that go back to their default when they are let go
    this.heard = 0;
    this.saidHeard = 0;
    this.version = null;
    this.socket = null;
    this.waitMs = FIRST_WAIT_MS;
    this.heardMs = this.lookedMs = performance.now();
    setInterval(() => this.lookAfter(performance.now()), LOOK_MS);
  }

  connect() {
    const socket = new WebSocket(this.address);
    this.heardMs = performance.now();
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message) => {
      this.heardMs = performance.now();
      if (typeof message.data === "string") this.hear(JSON.parse(message.data));
      else this.look(new Uint8Array(message.data));
    };
    socket.onclose = (event) => { if (socket === this.socket) this.lose(event.reason); };
    this.socket = socket;
  }

  // A network that is gone closes nothing: silence tells. A page that slept has heard nothing either.
  lookAfter(nowMs) {
    if (document.hidden || nowMs - this.lookedMs > 2 * LOOK_MS) this.heardMs = nowMs;
    this.lookedMs = nowMs;
    if (this.socket === null || nowMs - this.heardMs < SILENT_MS) return;
    this.socket.close();
    this.lose("");
  }

  lose(reason) {
    this.socket = null;
    this.moved.clear();
    this.held.clear();
    this.tell("away", true);
    if (reason) this.tell("turned away", reason);
    setTimeout(() => this.connect(), this.waitMs);
    this.waitMs = Math.min(this.waitMs * 1.6, MOST_WAIT_MS);
    fetch("/", { method: "HEAD" }).then((answer) => this.tell("stranger", answer.status === 403)).catch(() => {});
  }

  // -- what comes ---------------------------------------------------------------------------------------------

  hear(news) {
    if (news.hello) this.greet(news.hello);
    if (news.values) this.take(news.values);
    if (news.n) this.heard = news.n;
    for (const [fact, value] of Object.entries(news)) {
      if (fact !== "hello" && fact !== "values" && fact !== "n") this.tell(fact, value);
    }
  }

  greet(hello) {
    if (this.version !== null && this.version !== hello.version) location.reload();  // another Loopmorph has started
    this.waitMs = FIRST_WAIT_MS;
    this.heard = this.saidHeard = 0;
    this.touched.clear();
    this.late.clear();
    for (const row of hello.rows) this.rows.set(row.path, row);
    const isFirst = this.version === null;
    this.version = hello.version;
    if (isFirst) this.tell("hello", hello);
    this.tell("away", false);
  }

  take(values) {
    const now = performance.now();
    for (const [path, value] of Object.entries(values)) {
      if (now - (this.touched.get(path) ?? -HOLD_MS) < HOLD_MS) this.late.set(path, value);
      else this.tell(path, value);
    }
  }

  look(bytes) {
    const [cellBytes, thumbnailBytes] = this.sizes;
    for (let at = 0; at < bytes.length;) {
      const [kind, deck, cell] = bytes.subarray(at, at + 3);
      if (kind === PICTURE) {
        this.tell(`picture/${deck + 1}`, [cell, bytes.subarray(at + 4, at + 4 + cellBytes)]);
        at += 4 + cellBytes;
      } else if (kind === THUMBNAIL) {
        const number = new DataView(bytes.buffer, bytes.byteOffset + at + 4, 4).getUint32(0, true);
        this.tell(`thumbnail/${deck + 1}`, [number, bytes.subarray(at + 8, at + 8 + thumbnailBytes)]);
        at += 8 + thumbnailBytes;
      } else return;
    }
  }

  // -- who listens --------------------------------------------------------------------------------------------

  watch(name, listen) {
    if (!this.watchers.has(name)) this.watchers.set(name, []);
    this.watchers.get(name).push(listen);
    if (this.values.has(name)) listen(this.values.get(name));
  }

  tell(name, value) {
    this.values.set(name, value);
    for (const listen of this.watchers.get(name) ?? []) listen(value);
  }

  value(path, index = 0) {
    return this.values.get(path)?.[index] ?? this.rows.get(path)?.default?.[index] ?? 0;
  }

  // -- what goes ----------------------------------------------------------------------------------------------

  set(path, values) {
    const { limits, types } = this.rows.get(path);
    const clipped = values.map((value, i) => {
      const inside = Math.min(Math.max(value, limits[i][0]), limits[i][1]);
      return types[i] === "i" ? Math.round(inside) : inside;
    });
    const before = this.values.get(path);
    if (before && clipped.every((value, i) => value === before[i])) return;
    this.touched.set(path, performance.now());
    this.late.delete(path);
    this.moved.set(path, clipped);
    this.tell(path, clipped);
  }

  setOne(path, index, value) {
    const values = [...(this.values.get(path) ?? this.rows.get(path).default)];
    values[index] = value;
    this.set(path, values);
  }

  reset(path) {
    this.set(path, this.rows.get(path).default);
  }

  hold(path, values) {
    this.held.add(path);
    this.set(path, values);
  }

  letGo() {
    for (const path of this.held) this.reset(path);
    this.held.clear();
    this.flush();
  }

  do(path, ...values) {
    this.flush();  // what was moved before it comes first
    this.send({ do: path, values });
  }

  allow(address) {
    this.send({ allow: address });
  }

  flush() {
    if (this.socket?.readyState !== WebSocket.OPEN || this.socket.bufferedAmount > MOST_BUFFERED) return;
    if (this.moved.size) {
      this.send({ set: Object.fromEntries(this.moved) });
      this.moved.clear();
    }
    if (this.heard !== this.saidHeard) {
      this.send({ heard: this.heard });
      this.saidHeard = this.heard;
    }
    if (this.late.size) this.catchUp(performance.now());
  }

  catchUp(now) {
    for (const [path, value] of this.late) {
      if (now - this.touched.get(path) < HOLD_MS) continue;
      this.late.delete(path);
      this.tell(path, value);
    }
  }

  send(wish) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
  }
}
