"""Control log -> the set once more, sample by sample: drawn, mixed and heard as it was played."""

import collections
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from performer.controls import N_DECKS, SLOTS
from performer.desk.clips import Clip, pack_slot, place
from performer.desk.mixer import DECKS, N_CHANNELS
from performer.desk.playback import Playback
from performer.errors import PerformerError
from performer.generation.drawing import Drawing
from performer.generation.renderer import LoopRenderer
from performer.memory import N_CELLS, TAPE_SAMPLES, Memory
from performer.recording.control_log import readable
from performer.settings import DeckSettings

BLOCK_SIZE = 4096


@dataclasses.dataclass
class DeckReplay:
    """A deck as the worker had it."""

    drawing: Drawing = dataclasses.field(default_factory=Drawing)
    """Its loop."""
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What it last set out for."""
    whole: Iterator[list[tuple[int, Clip]] | None] = dataclasses.field(default_factory=lambda: iter(()))
    """A whole loop that was begun."""
    drawn: list[collections.deque[Clip]] = dataclasses.field(
        default_factory=lambda: [collections.deque() for _ in range(N_CELLS)]
    )
    """Clips of each cell that were drawn and not heard yet."""

    def keep(self, clips: Sequence[tuple[int, Clip]]) -> None:
        """Keep clips until they are heard."""
        for cell, clip in clips:
            self.drawn[cell].append(clip)


class Replay:
    """Play a control log.

    Each line is obeyed in its turn: one of the worker's is drawn, one of the audio process's is obeyed at its sample.
    The same settings, drawn in the same order, give the same clips; the same clips and controls at the same samples
    give the same sound.

    Parameters
    ----------
    header : mapping
        First line of the log.
    end : int
        Position at which the recording ends.
    renderer_of : callable
        Gives the renderer of a model of the header.
    """

    def __init__(self, header: Mapping[str, Any], *, end: int, renderer_of: Callable[[int], LoopRenderer]) -> None:
        self.start, self.end = int(header["start"]), end
        self.sample_rate = int(header["sample_rate"])
        self.n_models = len(header["models"])
        self.renderer_of = renderer_of
        self.memory = Memory.private()
        self.decks = [DeckReplay() for _ in range(N_DECKS)]
        self.playback: Playback | None = None
        self.rate = 0
        self.position = 0
        self.number = 0

    def blocks(self, entries: Iterable[Mapping[str, Any]]) -> Iterator[np.ndarray]:
        """Play the log's lines.

        Parameters
        ----------
        entries : iterable of mapping
            From `control_log.read_entries`.

        Yields
        ------
        np.ndarray [shape=(n, 2 + 2 * N_DECKS)]
            float32: the master, then each deck, from the recording's first sample to its last; while that which came
            before it is played, the blocks are empty.

        Raises
        ------
        PerformerError
            If lines are missing, or one was not written by a recording.
        """
        for number, entry in enumerate(entries, start=1):
            with readable(number):
                if "worker" in entry:
                    self.begin_worker(entry["worker"])
                elif "deck" in entry:
                    self.draw(self.decks[entry["deck"] - 1], entry)
                elif entry.get("n", 0) > self.number:  # a line may be there twice, from a recorder and its successor
                    self.number = entry["n"]
                    yield from self.obey(entry)
            if self.rate == self.sample_rate and self.position >= self.end:
                return
        yield from self.play(self.end)

    def begin_worker(self, revisions: Sequence[int]) -> None:
        """Begin anew with all decks, as a new worker does; what its predecessor published may yet be heard."""
        for deck, revision in zip(self.decks, revisions, strict=True):
            deck.drawing, deck.settings, deck.whole = Drawing(), {}, iter(())
            deck.drawing.revision = revision
            for cell, clips in enumerate(deck.drawn):
                deck.drawn[cell] = collections.deque(clip for clip in clips if clip.revision <= revision)

    def draw(self, deck: DeckReplay, entry: Mapping[str, Any]) -> None:
        """Do what the worker did with a deck."""
        drawing = deck.drawing
        if "to" in entry:
            deck.settings |= {name: tuple(v) if isinstance(v, list) else v for name, v in entry["to"].items()}
            settings = DeckSettings(**deck.settings)
            renderer = self.renderer_of(min(settings.model, self.n_models - 1))
            drawing.follow(settings, renderer, glide_s=entry["glide_s"], now_s=entry["now_s"])
        elif "missed" in entry:
            del deck.drawn[entry["missed"]][-2]
        elif entry.get("whole") == "begun":
            deck.whole = drawing.draw_whole()
        elif "whole" in entry:
            deck.keep(list(deck.whole)[-1] or [])
        else:
            deck.keep(drawing.draw_window(*entry["window"], n_loops=entry["loops"], now_s=entry["now_s"]))

    def obey(self, entry: Mapping[str, Any]) -> Iterator[np.ndarray]:
        """Play up to a change, and do what the audio process did then."""
        position = int(entry["at"])
        if "started" in entry:
            sample_rate, taped = entry["started"]
            yield from self.play(taped)
            yield from self.begin_playback(position, sample_rate)
        yield from self.play(position)
        values = self.memory.state["controls"][0]
        for path, moved in entry.get("set", {}).items():
            for index, value in enumerate(moved):
                if value is not None:
                    values[SLOTS[path].start + index] = value
        for deck, cell, revision, slot in entry.get("clips", ()):
            self.hand_over(deck - 1, cell, revision, slot)

    def hand_over(self, deck: int, cell: int, revision: int, slot: int) -> None:
        """Put a clip where the worker had put it; a new audio process also tells of those that are there already."""
        if self.memory.state["published"][0, deck, cell] == pack_slot(revision, slot):
            return
        drawn = self.decks[deck].drawn[cell]
        while drawn and drawn[0].revision != revision:
            drawn.popleft()
        if not drawn:
            raise PerformerError(
                f"the log does not tell how cell {cell} of deck {deck + 1} was drawn that is heard at "
                f"{self.position / self.rate:.1f} s; all its lines are needed to render it"
            )
        place(self.memory, deck, cell, slot, drawn.popleft())

    def begin_playback(self, position: int, sample_rate: int) -> Iterator[np.ndarray]:
        """Play on as a new audio process did, after the silence in between."""
        if sample_rate != self.rate:
            self.rate, self.position = sample_rate, position
        while self.position < position:
            n = min(BLOCK_SIZE, position - self.position)
            yield self.cut(np.zeros((n, 2 + 2 * N_DECKS), np.float32), self.position)
        self.playback = Playback(self.memory, sample_rate=sample_rate, channels=DECKS)
        self.playback.position = position

    def play(self, until: int) -> Iterator[np.ndarray]:
        """Play up to a position."""
        playback = self.playback
        if self.rate == self.sample_rate:
            until = min(until, self.end)
        while playback is not None and playback.position is not None and playback.position < until:
            first = playback.position
            decks = np.zeros((min(BLOCK_SIZE, until - first), N_CHANNELS[DECKS]), np.float32)
            playback.render(decks)
            master = self.memory.tape[np.arange(first, first + len(decks)) % TAPE_SAMPLES]
            yield self.cut(np.hstack([master, decks]), first)

    def cut(self, block: np.ndarray, position: int) -> np.ndarray:
        """Cut a block that begins at a position to what has not been given yet and belongs to the recording."""
        stop = position + len(block)
        given = max(self.position, self.start) if self.rate == self.sample_rate else stop
        self.position = max(self.position, stop)
        return block[max(given - position, 0) :]
