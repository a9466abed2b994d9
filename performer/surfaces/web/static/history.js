// A deck's history: a thumbnail of each entry, newest on the right; a tap brings it back.

import { button, make, put } from "./dom.js";
import { paint, palette } from "./spectrogram.js";

const KEPT = 300;             // pictures of entries that may have left the history

export class History {
  constructor(instrument, deck, { hello, colour }) {
    this.instrument = instrument;
    this.deck = deck;
    this.size = hello.thumbnail;
    this.shades = palette(colour);
    this.element = make("div", "history", "", { "aria-label": `history of deck ${deck}` });
    this.tiles = new Map();
    this.pictures = new Map();
    instrument.watch(`history/${deck}`, (history) => this.show(history));
    instrument.watch(`thumbnail/${deck}`, ([number, bytes]) => {
      this.pictures.set(number, bytes.slice());
      if (this.pictures.size > KEPT) this.pictures.delete(this.pictures.keys().next().value);
      if (this.tiles.has(number)) this.draw(number);
    });
    instrument.watch("away", (isAway) => { if (isAway) this.clear(); });
  }

  // What comes back may be another session, whose entries have the same numbers: all of it is told anew.
  clear() {
    for (const tile of this.tiles.values()) tile.remove();
    this.tiles.clear();
    this.pictures.clear();
  }

  show({ at, entries }) {
    const wanted = new Set(entries.map(([number]) => number));
    for (const [number, tile] of this.tiles) {
      if (wanted.has(number)) continue;
      tile.remove();
      this.tiles.delete(number);
    }
    for (const [number, , isStarred, isAside, seed] of entries) {
      if (!this.tiles.has(number)) this.add(number, seed);
      const { classList } = this.tiles.get(number);
      classList.toggle("is-present", number === at);
      classList.toggle("is-starred", Boolean(isStarred));
      classList.toggle("is-aside", Boolean(isAside));
    }
    this.instrument.tell(`starred/${this.deck}`, entries.some(([number, , star]) => number === at && star));
    if (this.tiles.has(at)) this.bring(this.tiles.get(at));
  }

  // Only along the strip: `scrollIntoView` would scroll the deck on a low screen, too.
  bring(tile) {
    const [strip, own] = [this.element, tile].map((element) => element.getBoundingClientRect());
    this.element.scrollLeft += Math.min(own.left - strip.left, 0) + Math.max(own.right - strip.right, 0);
  }

  add(number, seed) {
    const label = `deck ${this.deck}: back to entry ${number}, seed ${seed}`;
    const recall = () => this.instrument.do(`/deck/${this.deck}/recall`, number);
    const tile = put(button("tile", "", label, recall), make("span", "", String(number)), make("em", "", `#${seed}`));
    this.element.append(tile);
    this.tiles.set(number, tile);
    if (this.pictures.has(number)) this.draw(number);
  }

  draw(number) {
    const tile = this.tiles.get(number);
    if (tile.querySelector("canvas")) return;
    const [width, height] = this.size;
    const canvas = make("canvas", "", "", { width, height });
    paint(canvas.getContext("2d", { alpha: false }), this.pictures.get(number),
      { left: 0, bands: height, shades: this.shades });
    tile.prepend(canvas);
    tile.classList.add("has-picture");
  }
}
