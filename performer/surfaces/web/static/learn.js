// Learning a controller: while it is on, a touch names the control, and the next thing that moves on MIDI moves it.
// A pad has two values: touched again, the other one is meant.

import { make } from "./dom.js";

const LEARN = "/midi/learn";
const NOTHING = 0;
const HINT = "Touch a control, then move the knob, fader or button that shall move it. ✓ ends it.";

export function learn(instrument) {
  let isOn = false, armed = null, index = 0;
  const sign = make("em", "aimed");
  document.body.append(make("div", "hint", HINT));

  const arm = (element) => {
    const isAgain = element !== null && element === armed;
    const size = element ? instrument.rows.get(element.dataset.path).types.length : 1;
    index = isAgain ? (index + 1) % size : 0;
    armed?.classList.remove("is-armed");
    sign.remove();
    armed = element;
    if (!element) return;
    element.classList.add("is-armed");
    sign.textContent = size > 1 ? `value ${index + 1} of ${size}` : "";
    if (size > 1) element.append(sign);
    instrument.do(LEARN, element.dataset.path, ...(size > 1 ? [index] : []));
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
  const take = (event) => {
    const element = event.target.closest?.("[data-path]");
    if (!isOn || !element || instrument.rows.get(element.dataset.path)?.kind === "readout") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "pointerdown") arm(element);
  };
  document.addEventListener("pointerdown", take, { capture: true });
  document.addEventListener("click", take, { capture: true });
}
