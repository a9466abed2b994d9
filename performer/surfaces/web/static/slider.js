// A slider: moved from wherever it is touched, so that nothing ever jumps. Twice tapped it is at its default.

import { make, put, write } from "./dom.js";
import { format } from "./format.js";
import { onDrag, onKeys } from "./gesture.js";

const STEPS = 100;            // key presses or wheel notches from end to end

// Options: name, isAcross (horizontal), tap (what a tap does), reach (pixels from end to end, if not its length).
export function slider(instrument, path, options = {}) {
  const row = instrument.rows.get(path);
  const [low, high] = row.limits[0];
  const name = options.name ?? path.split("/").at(-1);
  const element = make("div", `slider ${options.isAcross ? "across" : "upright"}`, "", {
    role: "slider", tabindex: "0", "data-path": path, "aria-label": `${path} ${row.help}`, title: row.help,
    "aria-valuemin": low, "aria-valuemax": high,
    "aria-orientation": options.isAcross ? "horizontal" : "vertical",
  });
  const fill = make("i", "fill"), thumb = make("i", "thumb"), shown = make("b");
  put(element, put(make("i", "rail"), fill, thumb), make("span", "", name), shown);

  const share = (value) => (value - low) / (high - low);
  const rests = share(row.default[0]);
  const isCentred = low < 0 || rests === 0.5;
  const root = isCentred ? rests : 0;
  fill.style[options.isAcross ? "left" : "bottom"] = `${root * 100}%`;
  element.classList.toggle("is-centred", isCentred);

  instrument.watch(path, ([value]) => {
    const at = share(value);
    fill.style.transform = options.isAcross ? `scaleX(${at - root})` : `scaleY(${at - root})`;
    thumb.style.transform = options.isAcross ? `translateX(${at * 100}%)` : `translateY(${-at * 100}%)`;
    element.classList.toggle("is-default", Math.abs(at - rests) < 1e-6);
    element.classList.toggle("is-least", at <= 0);
    element.setAttribute("aria-valuenow", value);
    write(shown, format(row, value));
  });

  let exact = 0, length = 1;
  const go = (by) => {
    exact = Math.min(Math.max(exact + by, 0), 1);
    instrument.set(path, [low + exact * (high - low)]);
  };
  const begin = () => { exact = share(instrument.value(path)); };
  onDrag(element, {
    begin: () => {
      begin();
      length = options.reach ?? Math.max(options.isAcross ? element.clientWidth : element.clientHeight, 60);
    },
    move: ({ dx, dy }) => go((options.isAcross ? dx : -dy) / length),
    tap: options.tap,
    twice: options.tap ?? (() => instrument.reset(path)),
  });
  const step = (times) => {
    begin();
    go(row.types[0] === "i" ? Math.sign(times) / (high - low) : times / STEPS);
  };
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    step(-Math.sign(event.deltaY) * (event.shiftKey ? 0.2 : 1));
  }, { passive: false });
  onKeys(element, { step, Backspace: () => instrument.reset(path) });
  return element;
}
