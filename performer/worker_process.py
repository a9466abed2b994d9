"""The generation worker: watches the controls, renders what moved, hands pages to the audio process.

Run as `python -m performer.worker_process FOLDER` by the supervisor.
"""

import os
import pathlib
import sys
import time

import numpy as np

from melgan_vocoder.errors import LoopmorphError
from melgan_vocoder.format import MelFormat
from performer.console import TOLD, Warnings, say
from performer.controls import LEVEL_SLOTS, N_DECKS
from performer.memory import Memory, read_options
from performer.pages import may_write, publish
from performer.renderer import LoopRenderer
from performer.settings import DeckSettings
from stylegan_audio.model_file import read_model_header

POLL_S = 0.005
NICENESS = 10
"""The sound device's thread goes first."""


class Worker:
    """Keep every deck's page up to date with its controls.

    Parameters
    ----------
    memory : Memory
        Controls and pages.
    renderer : LoopRenderer
        What draws pages.
    """

    def __init__(self, memory: Memory, renderer: LoopRenderer) -> None:
        self.memory = memory
        self.renderer = renderer
        self.warnings = Warnings()
        self.failed: dict[int, DeckSettings] = {}
        self.rendered_s = [0.0] * N_DECKS

    def step(self) -> bool:
        """Render the deck that needs it most.

        Returns
        -------
        bool
            False if no deck needs it.
        """
        values = self.memory.state["controls"][0].copy()
        wanted = {deck: DeckSettings.from_controls(values, deck=deck + 1) for deck in range(N_DECKS)}
        stale = [deck for deck in range(N_DECKS) if self.is_stale(deck, wanted[deck])]
        if not stale:
            return False
        deck = min(stale, key=lambda deck: (values[LEVEL_SLOTS[deck]] == 0, self.rendered_s[deck]))
        self.render(deck, wanted[deck])
        return True

    def is_stale(self, deck: int, wanted: DeckSettings) -> bool:
        """Whether a deck's page differs from what its controls ask for, and may be replaced."""
        rendered = self.memory.state["rendered"][0, deck]
        return (
            not np.array_equal(rendered, wanted.to_array())
            and self.failed.get(deck) != wanted
            and may_write(self.memory, deck)
        )

    def render(self, deck: int, settings: DeckSettings) -> None:
        """Render and publish a page; a failure is counted and said, and the deck plays on as it was."""
        self.rendered_s[deck] = time.monotonic()
        try:
            page = self.renderer.render(settings)
            if not np.isfinite(page.audio).all():
                raise LoopmorphError(f"{self.renderer.header.name} drew sound that is not finite")
        except Exception as error:  # noqa: BLE001 - the outermost live loop: the music goes on
            self.memory.count("render_failures")
            self.failed[deck] = settings
            self.warnings.warn("render", f"deck {deck + 1} keeps its loop: seed {settings.seed} failed ({error})")
            return
        publish(self.memory, deck, page, settings)
        self.memory.count("pages")


def main(folder: pathlib.Path) -> None:
    """Work until the instrument stops.

    Parameters
    ----------
    folder : pathlib.Path
        The running instrument's shared memory.
    """
    os.nice(NICENESS)
    memory = Memory.join(folder, MelFormat())
    try:
        renderer = LoopRenderer(read_model_header(pathlib.Path(read_options(folder)["model"])))
    except LoopmorphError as error:
        say(str(error))
        raise SystemExit(TOLD) from error
    for name in renderer.missing_directions:
        say(f"model {renderer.header.name} has no direction {name!r}: that control does nothing")
    worker = Worker(memory, renderer)
    while not memory.stopping:
        memory.beat("worker")
        worker.warnings.flush()
        if not worker.step():
            time.sleep(POLL_S)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
