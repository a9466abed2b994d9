// One deck: what it sounds like, its history, the pads, the directions and the strip.

import { button, make, put, write } from "./dom.js";
import { Meter, cycle, toggle } from "./buttons.js";
import { Drawer, FIRST_PRESET } from "./drawer.js";
import { History } from "./history.js";
import { pad } from "./pad.js";
import { directionSliders, repertoire } from "./repertoire.js";
import { slider } from "./slider.js";
import { Spectrogram } from "./spectrogram.js";

export const COLOURS = ["#ffb347", "#3fd0ff", "#ff6fb0", "#a8e25a"];
const FLIPS = ["NOW", "BEAT", "BAR", "LOOP"];
const REPEATS = ["OFF", "1/4", "1/8", "1/16", "1/32"];
const SIDES = ["A", "MID", "B"];
const NEW_SEEDS = 10000;     // four digits can be read out, and typed again

export class Deck {
  constructor(instrument, number, hello) {
    this.instrument = instrument;
    this.number = number;
    this.hello = hello;
    const colour = COLOURS[(number - 1) % COLOURS.length];
    this.element = make("section", "deck", "", { id: `deck-${number}`, "aria-label": `deck ${number}` });
    this.element.style.setProperty("--deck", colour);
    this.spectrogram = new Spectrogram(instrument, number, { hello, colour });
    this.history = new History(instrument, number, { hello, colour });
    this.meter = new Meter(instrument, this.path("meter"));
    this.drawer = new Drawer(instrument, number, hello);
    const close = () => this.element.classList.remove("is-open");
    this.drawer.element.append(button("key less", "LESS", "back to the pads", close));
    put(this.element, this.head(), this.spectrogram.element, this.history.element, this.pads(),
      this.directions(), this.drawer.element, this.strip(), this.keys());
    this.watch();
  }

  path(name) {
    return `/deck/${this.number}/${name}`;
  }

  watch() {
    const show = (name, isOn) => this.element.classList.toggle(name, Boolean(isOn));
    this.instrument.watch(this.path("level"), ([level]) => show("is-down", level === 0));
    for (const name of ["mute", "freeze", "cue"]) {
      this.instrument.watch(this.path(name), ([isOn]) => show(`is-${name}`, isOn));
    }
    this.instrument.watch(this.path("loops"), ([loops]) => show("is-narrow", loops > 0 && loops < 4));
  }

  head() {
    const { instrument } = this;
    const seed = button("seed", "", "another loop: any seed", () => this.roll());
    seed.dataset.path = this.path("seed");
    const shown = make("b");
    put(seed, make("i", "dice", "⚄"), make("span", "", "seed"), shown);
    instrument.watch(this.path("seed"), ([value]) => write(shown, String(value)));
    const star = this.action("star", "★", "star");
    instrument.watch(`starred/${this.number}`, (isStarred) => star.classList.toggle("is-on", isStarred));
    const badge = button("badge", String(this.number), `choose deck ${this.number} for the keyboard`,
      () => instrument.tell("chosen", this.number));
    instrument.watch("chosen", (chosen) => this.element.classList.toggle("is-chosen", chosen === this.number));
    return put(make("header"), badge, seed, this.action("undo", "↶"), this.action("redo", "↷"), star);
  }

  action(name, text, className = "") {
    const row = this.instrument.rows.get(this.path(name));
    const element = button(`icon ${className}`, text, `${row.path} ${row.help}`, () => this.instrument.do(row.path));
    element.dataset.path = row.path;
    return element;
  }

  roll() {
    this.instrument.set(this.path("seed"), [Math.floor(Math.random() * NEW_SEEDS)]);
  }

  pads() {
    const { instrument } = this;
    const morph = pad(instrument, this.path("morph"), { className: "morph", name: "morph" });
    const corners = [0, 1, 2, 3].map((corner) => make("small", `corner corner-${corner}`));
    put(morph, ...corners);
    const label = () => corners.forEach((element, corner) => {
      const pinned = instrument.value(this.path("corners"), corner);
      const preset = repertoire(instrument, this.number, this.hello).presets[FIRST_PRESET - pinned];
      element.classList.toggle("is-pinned", pinned >= 0 || preset !== undefined);
      write(element, preset ?? String(pinned >= 0 ? pinned : instrument.value(this.path("seed")) + corner));
    });
    for (const name of ["seed", "corners", "model"]) instrument.watch(this.path(name), label);
    const mix = pad(instrument, this.path("balance"), { className: "mix", name: "mix" });
    const more = button("key more", "MORE", "the deck's other controls", () => this.element.classList.add("is-open"));
    const freeze = toggle(instrument, this.path("freeze"), { name: "FREEZE", className: "freeze" });
    return put(make("div", "pads"), morph, put(make("div", "beside"), mix, freeze, more));
  }

  directions() {
    const names = this.hello.directions.filter((name) => !this.hello.drawer.includes(name));
    return put(make("div", "directions"),
      ...directionSliders(this.instrument, this.number, { hello: this.hello, names }));
  }

  strip() {
    const kill = (path) => ({ tap: () => this.instrument.set(path, [this.instrument.value(path) > 0 ? 0 : 0.5]) });
    const upright = ["low", "mid", "high"].map((name) => {
      const made = slider(this.instrument, this.path(name), { ...kill(this.path(name)) });
      made.classList.add("kills");
      return made;
    });
    const level = slider(this.instrument, this.path("level"));
    level.classList.add("level");
    put(level, this.meter.element);
    return put(make("div", "strip"), ...upright, slider(this.instrument, this.path("filter")),
      slider(this.instrument, this.path("send")), level);
  }

  keys() {
    const key = (name, text, className) => toggle(this.instrument, this.path(name), { name: text, className });
    return put(make("div", "keys"), key("mute", "MUTE", "mute"), key("cue", "CUE", "cue"),
      cycle(this.instrument, this.path("flip"), { name: "flip", texts: FLIPS }),
      cycle(this.instrument, this.path("repeat"), { name: "repeat", texts: REPEATS }),
      cycle(this.instrument, this.path("assign"), { name: "fader", texts: SIDES }));
  }

  frame(tick) {
    this.spectrogram.frame(tick);
    this.meter.frame();
  }
}
