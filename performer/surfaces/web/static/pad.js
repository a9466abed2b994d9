// A pad of two values: the finger is where the sound goes. A second finger, or Shift, makes it fine.

import { make, put } from "./dom.js";
import { onDrag } from "./gesture.js";

export function pad(instrument, path, { className, name }) {
  const row = instrument.rows.get(path);
  const element = make("div", `pad ${className}`, "", {
    role: "group", "data-path": path, "aria-label": `${path} ${row.help}`, title: row.help,
  });
  const across = make("i", "line across"), up = make("i", "line up"), dot = make("i", "dot");
  const room = put(make("i", "room"), across, up, dot);  // inside the edge, so that a corner is under the finger
  put(element, make("i", "net"), room, make("span", "", name));

  instrument.watch(path, ([x, y]) => {
    across.style.transform = `translateY(${-y * 100}%)`;
    up.style.transform = `translateX(${x * 100}%)`;
    dot.style.transform = `translate(${x * 100}%, ${-y * 100}%)`;
  });

  let box = null, place = [0, 0], isRelative = false;
  const go = (x, y) => {
    place = [Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)];
    instrument.set(path, place);
  };
  const follow = (event) => go((event.clientX - box.left) / box.width, (box.bottom - event.clientY) / box.height);
  onDrag(element, {
    begin: (event) => {
      box = room.getBoundingClientRect();
      isRelative = event.shiftKey;
      place = [instrument.value(path, 0), instrument.value(path, 1)];
      if (!isRelative) follow(event);
    },
    move: ({ dx, dy, event, isFine }) => {
      isRelative ||= isFine;  // it stays where the fine move has brought it
      if (isRelative) go(place[0] + dx / box.width, place[1] - dy / box.height);
      else follow(event);
    },
    twice: () => instrument.reset(path),
  });
  return element;
}
