// The page: built once from the instrument's tables, then moved sixty times a second.

import { Clock } from "./clock.js";
import { COLOURS, Deck } from "./deck.js";
import { Dock } from "./dock.js";
import { button, write } from "./dom.js";
import { Instrument } from "./instrument.js";
import { Keys } from "./keys.js";
import { learn } from "./learn.js";
import { Loudspeaker } from "./loudspeaker.js";
import { Notices } from "./notices.js";
import { setup } from "./setup.js";
import { Top } from "./top.js";

const SWIPE_PX = 60;
const PHONE = matchMedia("(max-width: 760px), (max-height: 560px)");

const instrument = new Instrument(`ws://${location.host}/live`);
const clock = new Clock();
const loudspeaker = new Loudspeaker(instrument);
let moving = [];              // what has a part that moves by itself
let nFrames = 0;

function build(hello) {
  const [columns, bands] = hello.picture;
  instrument.sizes = [columns * bands, hello.thumbnail[0] * hello.thumbnail[1]];
  const decks = Array.from({ length: hello.decks }, (_, index) => new Deck(instrument, index + 1, hello));
  document.getElementById("decks").append(...decks.map((deck) => deck.element));
  moving = [new Top(instrument, hello), new Dock(instrument), ...decks];
  new Keys(instrument, hello);
  new Notices(instrument);
  learn(instrument);
  setup(instrument);
  tabs(hello.decks);
  instrument.tell("chosen", 1);
}

// On a phone one deck is seen at a time, or the dock.
function tabs(nDecks) {
  const nav = document.getElementById("tabs");
  for (let deck = 1; deck <= nDecks; deck++) {
    const tab = button("tab", String(deck), `deck ${deck}`, () => instrument.tell("chosen", deck));
    tab.style.setProperty("--deck", COLOURS[deck - 1]);
    nav.append(tab);
  }
  nav.append(button("tab", "MIX", "scenes, crossfader, echo and master", () => instrument.tell("chosen", 0)));
  instrument.watch("chosen", (chosen) => {
    document.body.dataset.chosen = chosen;
    const pressed = (chosen + nDecks) % (nDecks + 1);
    [...nav.children].forEach((tab, index) => tab.setAttribute("aria-pressed", String(index === pressed)));
  });
  swipe(nDecks);
}

function swipe(nDecks) {
  let startX = null;
  const decks = document.getElementById("decks");
  decks.addEventListener("touchstart", (event) => {
    const isPlayed = event.touches.length > 1 || event.target.closest("[data-path], .history, button");
    startX = isPlayed ? null : event.touches[0].clientX;
  }, { passive: true });
  decks.addEventListener("touchend", (event) => {
    if (startX === null || !PHONE.matches) return;
    const travelled = event.changedTouches[0].clientX - startX;
    const next = Number(document.body.dataset.chosen) - Math.sign(travelled);
    if (Math.abs(travelled) > SWIPE_PX) instrument.tell("chosen", Math.min(Math.max(next, 1), nDecks));
  }, { passive: true });
}

function frame(nowMs) {
  instrument.flush();
  const tick = clock.at(nowMs);
  for (const part of moving) part.frame(tick);
  nFrames++;
  requestAnimationFrame(frame);
}

// The screen stays on where the browser allows it: https, or this machine.
async function stayAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch { /* it is allowed only while the page is seen */ }
}

instrument.watch("hello", build);
instrument.watch("clock", (reading) => clock.read(reading, performance.now()));
instrument.watch("away", (isAway) => {
  document.body.classList.toggle("is-away", isAway);
  write(document.querySelector("#veil p"), "Waiting for the instrument");
});
instrument.watch("turned away", (reason) => write(document.querySelector("#veil p"), reason));
instrument.watch("stranger", (isStranger) => {
  if (isStranger) write(document.querySelector("#veil p"), "This device is not known any more: scan the code again");
});
document.addEventListener("pointerdown", stayAwake, { once: true });
document.addEventListener("visibilitychange", () => (document.hidden ? instrument.letGo() : stayAwake()));
window.addEventListener("blur", () => instrument.letGo());  // the key or finger is lifted elsewhere
window.addEventListener("pagehide", () => instrument.letGo());
document.addEventListener("gesturestart", (event) => event.preventDefault());  // Safari: two fingers are for playing
document.addEventListener("contextmenu", (event) => event.preventDefault());
history.replaceState(null, "", "/");  // the token is in a cookie now, and need not be seen
window.loopmorph = { instrument, clock, loudspeaker, frames: () => nFrames };
instrument.connect();
requestAnimationFrame(frame);
