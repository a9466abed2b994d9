// Buttons that belong to a control: on or off, or round its few values.

import { button, make, put, write } from "./dom.js";

export function toggle(instrument, path, { name, className = "" }) {
  const row = instrument.rows.get(path);
  const element = button(`key ${className}`, name, `${path} ${row.help}`,
    () => instrument.set(path, [1 - instrument.value(path)]));
  element.dataset.path = path;
  instrument.watch(path, ([value]) => element.setAttribute("aria-pressed", String(value > 0)));
  return element;
}

// `texts` holds a text for each value, from the smallest one on.
export function cycle(instrument, path, { name, texts, className = "" }) {
  const row = instrument.rows.get(path);
  const [low, high] = row.limits[0];
  const element = button(`key cycle ${className}`, "", `${path} ${row.help}`, (event) => {
    const next = instrument.value(path) + (event.shiftKey ? -1 : 1);
    instrument.set(path, [next > high ? low : next < low ? high : next]);
  });
  element.dataset.path = path;
  const shown = make("b");
  put(element, make("span", "", name), shown);
  instrument.watch(path, ([value]) => {
    write(shown, texts[value - low]);
    element.setAttribute("aria-pressed", String(value !== row.default[0]));
  });
  return element;
}

// A small meter of two channels; `frame` lets it rise at once and fall evenly.
export class Meter {
  constructor(instrument, path, { floorDb = -54 } = {}) {
    this.element = make("div", "meter", "", { "data-path": path, "aria-hidden": "true" });
    this.bars = [make("i"), make("i")];
    put(this.element, ...this.bars);
    this.goals = [0, 0];
    this.levels = [0, 0];
    instrument.watch(path, (values) => {
      this.goals = values.map((value) => Math.min(Math.max(1 - value / floorDb, 0), 1));
      this.element.classList.toggle("is-hot", values.some((value) => value > -1));
    });
  }

  frame() {
    for (let side = 0; side < 2; side++) {
      const before = this.levels[side];
      const level = Math.max(this.goals[side], before - 0.02);
      if (level === before) continue;
      this.levels[side] = level;
      this.bars[side].style.transform = `scaleY(${level.toFixed(3)})`;
    }
  }
}
