// A deck's loop as it sounds, cell by cell, with the playhead over it. The canvas is drawn only where a cell has
// changed; the playhead is an element that slides.

import { make, put } from "./dom.js";

const TICKS_A_CELL = 2;

export function palette(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const shades = new Uint32Array(256);
  for (let level = 0; level < 256; level++) {
    const x = level / 255, body = Math.min(x * 1.5, 1) ** 1.7, glow = Math.max(x - 0.62, 0) / 0.38;
    const [red, green, blue] = [r, g, b].map((full) => 12 + (full - 12) * body + (255 - full) * glow * 0.9);
    shades[level] = 0xff000000 | blue << 16 | green << 8 | red;
  }
  return shades;
}

// Paints bytes that are time first, low bands first; the low bands are at the bottom.
export function paint(context, bytes, { left, bands, shades }) {
  const columns = bytes.length / bands;
  const image = context.createImageData(columns, bands);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < columns; column++) {
    for (let band = 0; band < bands; band++) {
      pixels[(bands - 1 - band) * columns + column] = shades[bytes[column * bands + band]];
    }
  }
  context.putImageData(image, left, 0);
}

export class Spectrogram {
  constructor(instrument, deck, { hello, colour }) {
    const [columns, bands] = hello.picture;
    this.nCells = hello.cells;
    this.colour = colour;
    this.element = make("div", "spectrogram", "", { "aria-label": `what deck ${deck} sounds like` });
    this.canvas = make("canvas", "", "", { width: columns * this.nCells, height: bands });
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.veil = make("canvas", "waiting", "", { width: columns * this.nCells, height: bands });
    this.playhead = make("i", "playhead");
    put(this.element, this.canvas, this.veil, make("i", "beats"), put(make("i", "room"), this.playhead));
    const shades = palette(colour);
    this.context.fillStyle = "#0c0c0c";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.ahead = null;
    this.nBars = 2;
    instrument.watch(`picture/${deck}`, (picture) => {
      if (picture) paint(this.context, picture[1], { left: picture[0] * columns, bands, shades });
    });
    instrument.watch("heads", (heads) => { this.ahead = heads[deck - 1]; });
    instrument.watch("pending", (pending) => this.mark(pending[deck - 1], columns, bands));
    instrument.watch(`/deck/${deck}/bars`, ([bars]) => {
      this.nBars = bars;
      this.element.classList.toggle("is-half", bars === 1);
    });
  }

  // Dims and frames the cells whose new sound has arrived and is not heard yet.
  mark(mask, columns, bands) {
    if (mask === this.mask) return;
    this.mask = mask;
    const context = this.veil.getContext("2d");
    context.clearRect(0, 0, this.veil.width, this.veil.height);
    context.strokeStyle = this.colour;
    for (let cell = 0; cell < this.nCells; cell++) {
      if (Math.floor(mask / 2 ** cell) % 2 === 0) continue;
      context.fillStyle = "rgba(10, 12, 16, 0.62)";
      context.fillRect(cell * columns, 0, columns, bands);
      context.strokeRect(cell * columns + 1, 1, columns - 2, bands - 2);
    }
  }

  frame(tick) {
    const isSilent = this.ahead === null;
    if (isSilent !== this.wasSilent) this.element.classList.toggle("is-silent", this.wasSilent = isSilent);
    if (isSilent) return;
    const ticks = TICKS_A_CELL * this.nCells;
    const place = (tick + this.ahead) % (ticks * this.nBars / 2) / ticks;
    this.playhead.style.transform = `translateX(${(place * 100).toFixed(2)}%)`;
  }
}
