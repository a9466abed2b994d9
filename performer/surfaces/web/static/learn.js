// Learning a controller: while it is on, a touch names the control, and the next thing that moves on MIDI moves it.
// A pad has two values: touched again, the other one is meant. Nothing else on the decks and the dock acts meanwhile.

import { make } from "./dom.js";

const LEARN = "/midi/learn";
const NOTHING = 0;
const WAYS = ".more, .less, .turn, .badge, .toward";  // what leads to other controls acts all the same
const ENDED = /^MIDI: .*( is for |nothing was learned|is not learned)/;  // what the instrument says of it
const HINT = "Touch a control, then move the knob, fader or button that shall move it. ✓ ends it.";

export function learn(instrument) {
  let isOn = false, armed = null, index = 0;
  const sign = make("em", "aimed");
  document.body.append(make("div", "hint", HINT));

  const arm = (element) => {
    const isAgain = element !== null && element === armed;
    const isAction = element && instrument.rows.get(element.dataset.path).kind === "action";
    const size = element && !isAction ? instrument.rows.get(element.dataset.path).types.length : 1;
    index = isAgain ? (index + 1) % size : 0;
    armed?.classList.remove("is-armed");
    sign.remove();
    armed = element;
    if (!element) return;
    element.classList.add("is-armed");
    sign.textContent = size > 1 ? `value ${index + 1} of ${size}` : "";
    if (size > 1) element.append(sign);
    const which = element.dataset.value ?? (size > 1 ? index : null);
    instrument.do(LEARN, element.dataset.path, ...(which === null ? [] : [Number(which)]));
  };

  instrument.watch("learning", (wanted) => {
    if (wanted === isOn || !instrument.rows.has(LEARN)) return;
    isOn = wanted;
    document.body.classList.toggle("is-learning", isOn);
    if (!isOn) {
      arm(null);
      instrument.do(LEARN, NOTHING);
    }
  });
  instrument.watch("away", () => instrument.tell("learning", false));
  instrument.watch("lines", (lines) => { if (armed && lines.some((line) => ENDED.test(line))) arm(null); });
  const take = (event) => {
    const element = event.target.closest?.("[data-path]");
    if (!isOn || !(element || event.target.closest?.("#decks, #dock"))) return;
    if (event.target.closest(WAYS)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "pointerdown" && element && instrument.rows.get(element.dataset.path)?.kind !== "readout") {
      arm(element);
    }
  };
  document.addEventListener("pointerdown", take, { capture: true });
  document.addEventListener("click", take, { capture: true });
}
