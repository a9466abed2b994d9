// What is set once in an evening: every control of the table that has no place elsewhere on the page.

import { button, make, put, write } from "./dom.js";
import { cycle } from "./buttons.js";
import { slider } from "./slider.js";

const CHOICES = { "/midi/clock": ["OFF", "OUT", "IN"] };

export function setup(instrument) {
  const placed = new Set([...document.querySelectorAll("[data-path]")].map((element) => element.dataset.path));
  const rest = [...instrument.rows.values()].filter((row) => row.kind === "control" && !placed.has(row.path));
  const panel = make("dialog", "", "", { id: "setup", "aria-label": "setup" });
  const rows = rest.map((row) => {
    const name = row.path.slice(1).replace("/", " ");
    const control = CHOICES[row.path] ? cycle(instrument, row.path, { name, texts: CHOICES[row.path] })
      : slider(instrument, row.path, { isAcross: true, name });
    return put(make("div", "row"), control, make("p", "", row.help));
  });
  const learn = button("key", "LEARN MIDI CONTROLLERS", "choose what a controller moves", () => {
    panel.close();
    instrument.tell("learning", true);
  });
  learn.hidden = !instrument.rows.has("/midi/learn");
  put(panel, make("h2", "", "Setup"), ...rows, learn, button("key", "CLOSE", "close the setup", () => panel.close()));
  document.body.append(panel);
  const open = document.querySelector("#top .setup");
  open.hidden = rest.length === 0 && learn.hidden;
  open.addEventListener("click", () => {
    if (document.body.classList.contains("is-learning")) instrument.tell("learning", false);
    else panel.showModal();
  });
  instrument.watch("learning", (isOn) => write(open, isOn ? "✓" : "⚙"));
}
