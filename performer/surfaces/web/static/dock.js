// The dock at the bottom: scenes, crossfader, echo, headphones and the master.

import { button, make, put, write } from "./dom.js";
import { Meter } from "./buttons.js";
import { onDrag, onKeys } from "./gesture.js";
import { slider } from "./slider.js";

const ECHO = { "/echo/time": "time", "/echo/feedback": "again", "/echo/level": "echo" };
const KEY_STEP = 0.01;

export class Dock {
  constructor(instrument) {
    this.instrument = instrument;
    this.mode = "recall";
    this.target = 0;
    this.meter = new Meter(instrument, "/master/meter");
    const crossfader = slider(instrument, "/crossfader", { isAcross: true, name: "" });
    crossfader.classList.add("crossfader");
    put(crossfader, make("em", "side-a", "A"), make("em", "side-b", "B"));
    const master = slider(instrument, "/master/level", { name: "master" });
    master.classList.add("level");
    put(master, this.meter.element);
    const small = Object.entries(ECHO).map(([path, name]) => slider(instrument, path, { name }));
    put(document.getElementById("dock"), this.scenes(), crossfader,
      put(make("div", "master"), ...small, slider(instrument, "/cue/level", { name: "phones" }), master));
  }

  scenes() {
    const [[low, high]] = this.instrument.rows.get("/scene/recall").limits;
    const tiles = make("div", "tiles");
    for (let number = low; number <= high; number++) {
      const tile = button("tile", String(number), `scene ${number}`, () => this.press(number));
      tile.dataset.path = "/scene/recall";
      tile.dataset.value = number;
      tiles.append(tile);
    }
    this.tiles = tiles.children;
    this.instrument.watch("scenes", (filled) => {
      for (const tile of this.tiles) tile.classList.toggle("is-filled", filled.includes(Number(tile.textContent)));
    });
    this.save = button("key save", "SAVE", "then tap the scene to save to", () => this.choose("save"));
    this.toward = button("key toward", "MORPH TO", "then tap the scene to morph to", () => this.choose("toward"));
    return put(make("div", "scenes", "", { "aria-label": "scenes" }), tiles,
      put(make("div", "ways"), this.save, this.toward, this.morph()));
  }

  choose(mode) {
    this.mode = this.mode === mode ? "recall" : mode;
    this.save.setAttribute("aria-pressed", String(this.mode === "save"));
    this.toward.setAttribute("aria-pressed", String(this.mode === "toward"));
    document.getElementById("dock").dataset.mode = this.mode;
  }

  press(number) {
    const mode = this.mode;
    this.choose("recall");
    if (mode === "toward") {
      this.target = number;
      this.slider.dataset.value = number;
      this.go(0, { isSent: false });
      write(this.toward, `TO ${number}`);
      for (const tile of this.tiles) tile.classList.toggle("is-target", Number(tile.textContent) === number);
    } else this.instrument.do(`/scene/${mode}`, number);
  }

  // How far the way to the scene is gone; `/scene/morph` is an action, so the page keeps the place.
  morph() {
    const row = this.instrument.rows.get("/scene/morph");
    const element = make("div", "slider across", "", {
      "data-path": row.path, title: row.help, role: "slider", tabindex: "0",
      "aria-label": row.help, "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": 0,
    });
    this.slider = element;
    this.fill = make("i", "fill");
    this.thumb = make("i", "thumb");
    put(element, put(make("i", "rail"), this.fill, this.thumb));
    this.go(0, { isSent: false });
    onDrag(element, {
      move: ({ dx }) => this.go(this.x + dx / Math.max(element.clientWidth, 60), { isSent: true }),
      twice: () => this.go(0, { isSent: true }),
    });
    onKeys(element, {
      step: (times) => this.go(this.x + times * KEY_STEP, { isSent: true }),
      Backspace: () => this.go(0, { isSent: true }),
    });
    return element;
  }

  go(x, { isSent }) {
    this.x = Math.min(Math.max(x, 0), 1);
    this.fill.style.transform = `scaleX(${this.x})`;
    this.thumb.style.transform = `translateX(${this.x * 100}%)`;
    this.slider.setAttribute("aria-valuenow", this.x.toFixed(2));
    this.isMoved = isSent && this.target > 0;
  }

  frame() {
    this.meter.frame();
    if (!this.isMoved) return;
    this.isMoved = false;
    this.instrument.do("/scene/morph", this.target, this.x);
  }
}
