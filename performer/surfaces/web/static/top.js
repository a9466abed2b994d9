// The bar at the top: beat, tempo, how the instrument is, recording, and panic, which is always in reach.

import { button, make, put, write } from "./dom.js";
import { Meter, toggle } from "./buttons.js";
import { format, lasts } from "./format.js";
import { onDrag, onKeys } from "./gesture.js";

const N_BEATS = 8;
const TICKS_A_BEAT = 8;
const BPM_A_PX = 0.1;
const THIN_S = 0.1;           // less time than this between drawing and playing is thin
const NUDGE = 1;
const SILENT_LUFS = -60;

export class Top {
  constructor(instrument, hello) {
    this.instrument = instrument;
    this.element = document.getElementById("top");
    this.meter = new Meter(instrument, "/master/meter");
    this.beats = Array.from({ length: N_BEATS }, () => make("i"));
    this.beat = -1;
    this.nDecks = hello.decks;
    put(this.element,
      put(make("h1", "", ""), make("i", "mark"), make("span", "", "Loopmorph")),
      put(make("div", "beats"), ...this.beats),
      this.tempo(),
      this.press("tap", "TAP", "/tap"),
      this.nudge("−", -NUDGE), this.nudge("+", NUDGE),
      this.health(), this.loudness(), this.record(),
      button("key setup", "⚙", "setup", () => {}),
      button("key help", "?", "keyboard", () => document.getElementById("help").showModal()),
      toggle(instrument, "/panic", { name: "PANIC", className: "panic" }));
    instrument.watch("/panic", ([isOn]) => document.body.classList.toggle("is-panic", isOn > 0));
  }

  press(className, text, path) {
    const row = this.instrument.rows.get(path);
    const named = { type: "button", "aria-label": row.help, "data-path": path };
    const element = make("button", `key ${className}`, text, named);
    element.addEventListener("pointerdown", (event) => {  // a click would come too late
      if (!event.button) this.instrument.do(path);
    });
    return element;
  }

  tempo() {
    const row = this.instrument.rows.get("/tempo");
    const shown = make("b");
    const element = put(make("div", "tempo", "", {
      "data-path": "/tempo", title: `${row.help} Drag up or down, or tap and type.`, role: "slider", tabindex: "0",
      "aria-label": "tempo: drag up or down, or tap and type",
      "aria-valuemin": row.limits[0][0], "aria-valuemax": row.limits[0][1],
    }), shown, make("span", "", "BPM"));
    this.instrument.watch("/tempo", ([bpm]) => {
      write(shown, format(row, bpm));
      element.setAttribute("aria-valuenow", bpm);
    });
    const set = (wanted) => this.instrument.set("/tempo", [Math.round(wanted * 10) / 10]);
    let bpm = 0;
    onDrag(element, {
      begin: () => { bpm = this.instrument.value("/tempo"); },
      move: ({ dy }) => set(bpm -= dy * BPM_A_PX),
      tap: () => this.type(element, shown),
    });
    onKeys(element, {
      step: (times) => set(this.instrument.value("/tempo") + times),
      Enter: () => this.type(element, shown),
    });
    return element;
  }

  // The tempo as a number that is typed: Enter, or a touch elsewhere, sets it; Esc leaves it as it was.
  type(element, shown) {
    if (element.querySelector("input")) return;
    const row = this.instrument.rows.get("/tempo");
    const field = make("input", "", "", { type: "number", step: "0.1", inputmode: "decimal", "aria-label": "tempo in BPM" });
    const was = format(row, this.instrument.value("/tempo"));
    field.value = was;
    shown.hidden = true;
    element.prepend(field);
    field.focus();
    field.select();
    let isLeft = false;
    const elsewhere = (event) => { if (event.target !== field) field.blur(); };
    document.addEventListener("pointerdown", elsewhere, { capture: true });  // what is played keeps the focus where it is
    const leave = (isTaken) => {
      if (isLeft) return;
      isLeft = true;
      document.removeEventListener("pointerdown", elsewhere, { capture: true });
      if (isTaken && field.value !== was && Number(field.value) > 0) this.instrument.set("/tempo", [Number(field.value)]);
      field.remove();
      shown.hidden = false;
    };
    field.addEventListener("blur", () => leave(true));
    field.addEventListener("pointerdown", (event) => event.stopPropagation());
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" || event.key === "Escape") leave(event.key === "Enter");
    });
  }

  nudge(text, value) {
    const words = value < 0 ? "slower while held" : "faster while held";
    const element = make("button", "key nudge", "",
      { type: "button", "data-path": "/nudge", "aria-label": words, title: words });
    onDrag(element, {
      begin: () => this.instrument.hold("/nudge", [value]),
      end: () => { if (this.instrument.value("/nudge") === value) this.instrument.letGo(); },
    });
    return put(element, make("b", "", text), make("span", "", "nudge"));
  }

  // Underruns since this page was opened, and how far ahead of the playhead the newest sound came.
  health() {
    const late = make("b", "", "0"), ahead = make("b", "", "–");
    const underruns = put(make("div", "figure", "", { title: "blocks that came too late for the sound device" }),
      make("span", "", "underruns"), late);
    const margin = put(make("div", "figure", "", { title: "how far ahead of the playhead new sound arrives" }),
      make("span", "", "margin"), ahead);
    this.instrument.watch("/count/underruns", ([count]) => {
      write(late, String(count));
      underruns.classList.toggle("is-bad", count > 0);
    });
    const show = () => {
      const decks = Array.from({ length: this.nDecks }, (_, deck) => deck + 1)
        .filter((deck) => this.instrument.value(`/deck/${deck}/level`) > 0);
      const margins = decks.map((deck) => this.instrument.value(`/deck/${deck}/margin`));
      const least = Math.min(...margins.filter((margin) => margin !== 0));  // 0: nothing was drawn in haste yet
      write(ahead, Number.isFinite(least) ? `${least.toFixed(least < THIN_S ? 2 : 1)} s` : "–");
      margin.classList.toggle("is-bad", least < 0);
      margin.classList.toggle("is-thin", least >= 0 && least < THIN_S);
    };
    for (let deck = 1; deck <= this.nDecks; deck++) {
      this.instrument.watch(`/deck/${deck}/margin`, show);
      this.instrument.watch(`/deck/${deck}/level`, show);
    }
    return put(make("div", "health"), underruns, margin);
  }

  loudness() {
    const shown = make("b");
    this.instrument.watch("/master/loudness", ([lufs]) => {
      write(shown, lufs <= SILENT_LUFS ? "–" : lufs.toFixed(0).replace("-", "−"));
    });
    const figure = put(make("div", "figure"), make("span", "", "LUFS"), shown);
    return put(make("div", "loudness"), this.meter.element, figure);
  }

  record() {
    const element = toggle(this.instrument, "/record", { name: "", className: "record" });
    const shown = make("b", "", "REC");
    put(element, make("i"), shown);
    const show = () => {
      const isOn = this.instrument.value("/record") > 0;
      write(shown, isOn ? lasts(this.instrument.value("/recorded")) : "REC");
      document.body.classList.toggle("is-recording", isOn);
    };
    this.instrument.watch("/record", show);
    this.instrument.watch("/recorded", show);
    return element;
  }

  frame(tick) {
    this.meter.frame();
    const beat = Math.floor(tick / TICKS_A_BEAT) % N_BEATS;
    if (beat === this.beat) return;
    this.beats[this.beat]?.classList.remove("is-now");
    this.beats[beat]?.classList.add("is-now");
    this.beat = beat;
  }
}
