// What a deck can do with its model: the directions that its controls play, by the names they have there, and presets.

import { write } from "./dom.js";
import { slider } from "./slider.js";

export function repertoire(instrument, deck, hello) {
  const model = Math.min(instrument.value(`/deck/${deck}/model`), hello.repertoires.length - 1);
  return hello.repertoires[model];
}

export function watchRepertoire(instrument, deck, { hello, show }) {
  instrument.watch(`/deck/${deck}/model`, () => show(repertoire(instrument, deck, hello)));
}

// A slider for each of `names`; those that do nothing on the deck's model are hidden.
export function directionSliders(instrument, deck, { hello, names }) {
  const made = names.map((name) => [name, slider(instrument, `/deck/${deck}/${name}`, { isAcross: true })]);
  watchRepertoire(instrument, deck, {
    hello,
    show: ({ labels }) => {
      for (const [name, element] of made) {
        element.hidden = !(name in labels);
        write(element.querySelector("span"), labels[name] ?? name);
      }
    },
  });
  return made.map(([, element]) => element);
}
