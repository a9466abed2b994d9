// What the performer should read: lines that come and go, trouble that stays as long as it lasts, devices that ask.

import { button, make, put } from "./dom.js";

const SHOWN_MS = 4500;
const MOST = 3;
const MOST_ASKING = 2;        // more would lie over the decks
const TROUBLE = {
  audio: "The audio process is gone: it starts again by itself, in phase.",
  worker: "The generation worker is gone: every deck keeps its loop until it is back.",
  recorder: "The recorder is gone: it goes on by itself with what it missed.",
  headphones: "The headphones are gone: they start again by themselves.",
  supervisor: "The supervisor is gone: the music goes on, but nothing that dies will be started again.",
};

export class Notices {
  constructor(instrument) {
    this.instrument = instrument;
    this.element = document.getElementById("notices");
    this.trouble = document.getElementById("trouble");
    this.asking = make("div", "asking");
    this.passedOver = new Set();
    this.element.append(this.asking);
    instrument.watch("lines", (lines) => lines.forEach((line) => this.show(line)));
    instrument.watch("refused", (lines) => lines.forEach((line) => this.show(line, "is-refused")));
    instrument.watch("alive", (alive) => this.tellTrouble(alive));
    instrument.watch("asking", (addresses) => this.ask(addresses));
  }

  show(text, className = "") {
    if ([...this.element.children].some((shown) => shown.textContent === text)) return;
    const notice = make("p", `notice ${className}`, text);
    this.element.append(notice);
    setTimeout(() => notice.remove(), SHOWN_MS);
    const shown = this.element.querySelectorAll(":scope > .notice");  // devices that ask stay
    for (const old of [...shown].slice(0, Math.max(shown.length - MOST, 0))) old.remove();
  }

  tellTrouble(alive) {
    const gone = Object.keys(TROUBLE).filter((process) => alive[process] === false);
    this.trouble.replaceChildren(...gone.map((process) => make("p", "", TROUBLE[process])));
    this.trouble.hidden = gone.length === 0;
    document.body.classList.toggle("is-troubled", gone.length > 0);
  }

  ask(addresses) {
    const asking = addresses.filter((address) => !this.passedOver.has(address)).slice(-MOST_ASKING);
    this.asking.replaceChildren(...asking.map((address) => put(make("p", "notice"),
      make("span", "", `${address} wants to play by OSC`),
      button("key", "ALLOW", `let ${address} play`, () => this.instrument.allow(address)),
      button("key", "NOT NOW", `do not let ${address} play, and do not show it here again`, () => {
        this.passedOver.add(address);
        this.ask(addresses);
      }))));
  }
}
