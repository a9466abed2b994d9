// The keyboard: what a hand on a computer plays with, on the deck that is chosen.

import { make, put } from "./dom.js";
import { repertoire } from "./repertoire.js";

const STEP = 0.02;
const SIGMA = 0.25;
const FINE = 0.2;
const NTH = ["first", "second", "third", "fourth"];
const SCENES = ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8"];
const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowDown: "↓", ArrowUp: "↑", " ": "Space" };
const HANDS = "With fingers: a second finger on the same control makes it fine; tapped twice it is at its default; "
  + "a tap on low, mid or high kills it. Esc closes this.";

export class Keys {
  constructor(instrument, hello) {
    this.instrument = instrument;
    this.hello = hello;
    this.deck = 1;
    this.holding = null;        // the key that holds the nudge
    instrument.watch("chosen", (deck) => { this.deck = deck || this.deck; });
    this.table = this.list();
    this.help = document.getElementById("help");
    this.write();
    document.addEventListener("keydown", (event) => this.press(event));
    document.addEventListener("keyup", (event) => {
      if (event.code === this.holding) instrument.letGo();  // its letter is another one if Shift came in between
    });
  }

  path(name) {
    return `/deck/${this.deck}/${name}`;
  }

  move(name, by, index = 0) {
    const path = this.path(name);
    this.instrument.setOne(path, index, this.instrument.value(path, index) + by * (this.isFine ? FINE : 1));
  }

  bend(index, by) {
    const name = Object.keys(repertoire(this.instrument, this.deck, this.hello).labels)[index];
    if (name) this.move(name, by);
  }

  flip(path, off = 0, on = 1) {
    this.instrument.set(path, [this.instrument.value(path) === off ? on : off]);
  }

  // Each row: keys, what they do in words, and what is done.
  list() {
    const { instrument } = this;
    const directions = ["qa", "ws", "ed", "rf"].map(([more, less], index) => [
      [more, less], `more, less of the deck's ${NTH[index]} direction`,
      (key) => this.bend(index, key === more ? SIGMA : -SIGMA),
    ]);
    const kills = { z: "low", x: "mid", c: "high" };
    const ways = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };
    return [
      [["1", "2", "3", "4"], "choose a deck", (key) => instrument.tell("chosen", Number(key))],
      [Object.keys(ways), "morph; finer with Shift", (key) => this.move("morph", ways[key][1] * STEP, ways[key][0])],
      ...directions,
      [Object.keys(kills), "kill low, mid, high", (key) => this.flip(this.path(kills[key]), 0.5, 0)],
      [["-", "="], "deck softer, louder", (key) => this.move("level", key === "=" ? STEP : -STEP)],
      [["m"], "mute", () => this.flip(this.path("mute"))],
      [["h"], "headphones", () => this.flip(this.path("cue"))],
      [["g"], "freeze", () => this.flip(this.path("freeze"))],
      [["n"], "next seed", () => this.move("seed", 1 / (this.isFine ? FINE : 1))],
      [["u", "y"], "undo, redo", (key) => instrument.do(this.path(key === "u" ? "undo" : "redo"))],
      [["l"], "star the loop", () => instrument.do(this.path("star"))],
      [["t", " "], "tap the tempo", () => instrument.do("/tap")],
      [[",", "."], "slower, faster while held", (key) => instrument.hold("/nudge", [key === "." ? 1 : -1])],
      [["[", "]"], "crossfader left, right", (key) => this.fade(key === "]" ? 1 : -1)],
      [SCENES, "scenes; Shift saves", (key) => this.scene(Number(key.slice(1)))],
      [["o"], "record", () => this.flip("/record")],
      [["p"], "panic, and back", () => this.flip("/panic")],
      [["?"], "these keys", () => this.help.showModal()],
    ];
  }

  fade(way) {
    this.instrument.set("/crossfader", [this.instrument.value("/crossfader") + way * 2 * STEP]);
  }

  scene(number) {
    this.instrument.do(this.isFine ? "/scene/save" : "/scene/recall", number);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "INPUT") return;
    if (document.querySelector("dialog[open]") || document.body.classList.contains("is-away")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === " " && event.target.closest("button")) return;  // it presses what has the focus
    if (key.startsWith("Arrow") && event.target.closest("[role='slider']")) return;
    const row = this.table.find(([keys]) => keys.includes(key));
    if (!row) return;
    event.preventDefault();
    this.isFine = event.shiftKey;
    const isOnce = !/^(Arrow|[qawsedrf[\]=-])/.test(key);
    if (key === "," || key === ".") this.holding = event.code;
    if (!(event.repeat && isOnce)) row[2](key);
  }

  write() {
    const list = make("dl");
    for (const [keys, text] of this.table) {
      const names = keys.length > 4 ? [keys[0], keys.at(-1)] : keys;
      const caps = names.map((key) => make("kbd", "", SHOWN[key] ?? key.toUpperCase()));
      put(list, put(make("dt"), ...caps), make("dd", "", text));
    }
    put(this.help, make("h2", "", "Keyboard"), list, make("p", "", HANDS));
    this.help.addEventListener("click", () => this.help.close());
  }
}
