// What a deck has besides: every row of the table that has no place of its own on the page.

import { button, make, put, write } from "./dom.js";
import { slider } from "./slider.js";

const PLACED = new Set(["corners", "morph", "balance", "low", "mid", "high", "filter", "send", "level", "assign",
  "mute", "cue", "freeze", "flip", "repeat", "model"]);
const CORNERS = ["1", "2", "3", "4"];
const STEPPED = 1000;         // a range wider than this is stepped through

export class Drawer {
  constructor(instrument, deck, hello) {
    this.instrument = instrument;
    this.deck = deck;
    this.element = make("div", "drawer");
    const start = `/deck/${deck}/`;
    const rest = [...instrument.rows.values()].filter((row) => row.kind === "control" && row.path.startsWith(start))
      .filter((row) => !PLACED.has(row.path.slice(start.length)))
      .filter((row) => !hello.directions.includes(row.path.slice(start.length)));
    put(this.element, this.model(hello.models), ...rest.map((row) => this.control(row)), this.pins());
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

  // A tap pins what plays to a corner of the pad, or frees the corner.
  pins() {
    const path = `/deck/${this.deck}/corners`;
    const keys = CORNERS.map((text, corner) => {
      const key = button("key", text, `pin what plays to corner ${text} of the pad, or free it`, () => {
        if (this.instrument.value(path, corner) >= 0) this.instrument.setOne(path, corner, -1);
        else this.instrument.do(`/deck/${this.deck}/pin`, corner + 1);
      });
      this.instrument.watch(path, (seeds) => key.setAttribute("aria-pressed", String(seeds[corner] >= 0)));
      return key;
    });
    return put(make("div", "pins", "", { "data-path": path }), make("span", "", "pin"), ...keys);
  }
}
