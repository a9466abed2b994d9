// Fingers on one control: the first one leads, a second one on the same control (or Shift) makes it fine. And keys on
// the control that has the focus.

export const FINE = 0.15;
const TAP_PX = 6;
const TWICE_MS = 320;
const TWICE_PX = 24;
const KEY_FINE = 0.2;
const STEPS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 };

// Calls begin(event), move({dx, dy, event, isFine}), end(), tap() and twice(); dx and dy are scaled when fine.
export function onDrag(element, { begin, move, end, tap, twice }) {
  const fingers = new Set();
  let lead = null, lastX = 0, lastY = 0, travelled = 0, tappedMs = -TWICE_MS, tappedX = 0, tappedY = 0;

  element.addEventListener("mousedown", (event) => event.preventDefault());  // no focus: keys stay with the page
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    fingers.add(event.pointerId);
    if (lead !== null) return;
    lead = event.pointerId;
    [lastX, lastY, travelled] = [event.clientX, event.clientY, 0];
    element.classList.add("is-held");
    begin?.(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerId !== lead) return;
    const [x, y] = [event.clientX - lastX, event.clientY - lastY];
    [lastX, lastY] = [event.clientX, event.clientY];
    travelled += Math.hypot(x, y);
    const isFine = fingers.size > 1 || event.shiftKey;
    const scale = isFine ? FINE : 1;
    move?.({ dx: x * scale, dy: y * scale, event, isFine });
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    if (event.pointerId !== lead) return;
    lead = null;
    element.classList.remove("is-held");
    end?.();
    if (travelled > TAP_PX || event.type === "pointercancel") return;
    const isNear = Math.hypot(event.clientX - tappedX, event.clientY - tappedY) < TWICE_PX;
    const isSecond = isNear && event.timeStamp - tappedMs < TWICE_MS;
    [tappedMs, tappedX, tappedY] = [isSecond ? -TWICE_MS : event.timeStamp, event.clientX, event.clientY];
    (isSecond && twice ? twice : tap)?.();
  };
  element.addEventListener("pointerup", lift);
  element.addEventListener("pointercancel", lift);
}

// Calls step(times), a fifth with Shift, and what other keys do by their names.
export function onKeys(element, { step, ...others }) {
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const times = STEPS[event.key];
    if (times) step(event.shiftKey ? times * KEY_FINE : times);
    else if (others[event.key]) others[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
