// What a deck has besides: every row of the table that has no place of its own on the page; and behind TIMBRE, where
// the timbre comes from, and the principal components.

import { toggle } from "./buttons.js";
import { button, make, put, write } from "./dom.js";
import { pad } from "./pad.js";
import { directionSliders, watchRepertoire } from "./repertoire.js";
import { slider } from "./slider.js";

const PLACED = new Set(["corners", "morph", "balance", "low", "mid", "high", "filter", "send", "level", "assign",
  "mute", "cue", "freeze", "flip", "repeat", "model", "hold", "timbre", "split"]);
const CORNERS = ["1", "2", "3", "4"];
const STEPPED = 1000;         // a range wider than this is stepped through
const OWN_CORNER = -1;        // what a corner of the pad is set to that belongs to the deck's seed,
export const FIRST_PRESET = -2;  // or holds the model's first preset; the second one is -3

export class Drawer {
  constructor(instrument, deck, hello) {
    this.instrument = instrument;
    this.deck = deck;
    this.element = make("div", "drawer");
    const start = `/deck/${deck}/`;
    const rest = [...instrument.rows.values()].filter((row) => row.kind === "control" && row.path.startsWith(start))
      .filter((row) => !PLACED.has(row.path.slice(start.length)))
      .filter((row) => !hello.directions.includes(row.path.slice(start.length)));
    const first = put(make("div", "sheet"), this.model(hello.models), ...rest.map((row) => this.control(row)),
      this.presets(hello), this.pins());
    const turn = button("key turn", "TIMBRE", "where the timbre comes from, and more directions", () => {
      write(turn, this.element.classList.toggle("is-turned") ? "BACK" : "TIMBRE");
    });
    put(this.element, first, this.timbre(hello), turn);
  }

  timbre(hello) {
    const { instrument } = this;
    const path = (name) => `/deck/${this.deck}/${name}`;
    return put(make("div", "sheet"), pad(instrument, path("timbre"), { className: "timbre", name: "timbre" }),
      slider(instrument, path("split"), { isAcross: true }),
      toggle(instrument, path("hold"), { name: "HOLD THE REST" }),
      ...directionSliders(instrument, this.deck, { hello, names: hello.drawer }));
  }

  control(row) {
    const [low, high] = row.limits[0];
    if (high - low <= STEPPED) return slider(this.instrument, row.path, { isAcross: true });
    return this.stepper(row);
  }

  stepper(row) {
    const shown = make("b");
    this.instrument.watch(row.path, ([value]) => write(shown, row.types[0] === "i" ? String(value) : value.toFixed(1)));
    const step = (by) => this.instrument.set(row.path, [this.instrument.value(row.path) + by]);
    const element = put(make("div", "stepper", "", { "data-path": row.path, title: row.help }),
      button("key", "−", `${row.path} less`, () => step(-1)),
      put(make("div"), make("span", "", row.path.split("/").at(-1)), shown),
      button("key", "+", `${row.path} more`, () => step(1)));
    return element;
  }

  model(names) {
    const path = `/deck/${this.deck}/model`;
    const shown = make("b");
    const next = () => this.instrument.set(path, [(this.instrument.value(path) + 1) % names.length]);
    const element = button("key cycle model", "", `${path} ${this.instrument.rows.get(path).help}`, next);
    put(element, make("span", "", "model"), shown);
    element.dataset.path = path;
    this.instrument.watch(path, ([value]) => write(shown, names[Math.min(value, names.length - 1)]));
    return element;
  }

  // A tap puts a preset of the model into the pad's first corner.
  presets(hello) {
    const path = `/deck/${this.deck}/preset`, corners = `/deck/${this.deck}/corners`;
    const element = make("div", "pins presets");
    const mark = () => [...element.querySelectorAll("button")].forEach((key, index) => {
      key.setAttribute("aria-pressed", String(this.instrument.value(corners) === FIRST_PRESET - index));
    });
    const show = ({ presets }) => {
      const keys = presets.map((name, index) => button("key", name, `${path} ${name}`,
        () => this.instrument.do(path, index + 1)));
      keys.forEach((key, index) => Object.assign(key.dataset, { path, value: index + 1 }));
      element.replaceChildren(make("span", "", "preset"), ...keys);
      element.hidden = keys.length === 0;
      mark();
    };
    watchRepertoire(this.instrument, this.deck, { hello, show });
    this.instrument.watch(corners, mark);
    return element;
  }

  // A tap pins what plays to a corner of the pad, or frees the corner.
  pins() {
    const path = `/deck/${this.deck}/corners`;
    const keys = CORNERS.map((text, corner) => {
      const key = button("key", text, `pin what plays to corner ${text} of the pad, or free it`, () => {
        if (this.instrument.value(path, corner) !== OWN_CORNER) this.instrument.setOne(path, corner, OWN_CORNER);
        else this.instrument.do(`/deck/${this.deck}/pin`, corner + 1);
      });
      Object.assign(key.dataset, { path: `/deck/${this.deck}/pin`, value: corner + 1 });
      this.instrument.watch(path, (seeds) => key.setAttribute("aria-pressed", String(seeds[corner] !== OWN_CORNER)));
      return key;
    });
    return put(make("div", "pins", "", { "data-path": path }), make("span", "", "pin"), ...keys);
  }
}
