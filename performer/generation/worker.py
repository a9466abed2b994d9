"""What is drawn next: the worker's eye on controls and playhead."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

from performer.clock import TICKS_A_BEAT, TICKS_A_CELL, TICKS_A_LOOP, read_clock
from performer.console import Warnings
from performer.controls import DECK_STRIDE, N_DECKS, SLOTS
from performer.desk.clips import Clip, publish
from performer.generation.drawing import Drawing
from performer.generation.drawing_log import DrawingLog
from performer.generation.governor import REST_CELLS, WINDOW_CELLS, Governor
from performer.generation.renderer import LoopRenderer
from performer.memory import N_CELLS, N_LOOPS, N_SLOTS, Memory
from performer.settings import DeckSettings

LEAD_S = 0.06
"""How long before the playhead leaves what is drawn, more is to be there."""
PART_EVERY_S = 1.0
"""So often a part of a whole loop is drawn even while other decks move, or they would starve those that wait."""
GUESS_PART_S = 0.12
"""What a part of a whole loop takes, until it was measured; what runs out must wait for it."""
FAIR_S = 0.1
"""A deck that moves waits so long before it goes before those that run out."""
HELD_S = 0.5
"""A deck counts as moving for so long after its newest move."""
PATIENCE_S = 0.025
"""How long to wait for a slot in which something fades out; then other work goes first."""
WALK_S = 0.1
"""Steps of a random walk."""

POLL_S = 0.001
FLIP_S = 0.05
"""A new clip is not flipped to so shortly before its cell ends."""
STARVED = ("could not create", "allocate memory", "bad_alloc")
"""What torch and oneDNN say when there is no memory."""


@dataclasses.dataclass
class DeckWork:
    """What the worker knows of a deck."""

    drawing: Drawing
    """Its loop."""
    failed: DeckSettings | None = None
    """What could not be drawn; not tried again."""
    whole: Iterator[list[tuple[int, Clip]] | None] | None = None
    """A whole loop that is being drawn; given up when a live deck moves on."""
    window_s: float = 0.0
    """When its newest window was begun."""
    moved_s: float = float("-inf")
    """When it was last seen on the way."""
    waits: bool = False
    """Whether it keeps its loop for now, because other decks move too."""
    first_tick: float = 0.0
    """Tick of the clock from which on the newest clips sound ..."""
    covered_tick: float = 0.0
    """... up to this one."""
    waiting: dict[int, Clip] = dataclasses.field(default_factory=dict)
    """Clips of cells that have no free slot yet."""
    walk_from: tuple[int, float, int] | None = None
    """Seed and place that its random walk set out from, and the turn of the control process that sent it."""
    walked: float = 0.0
    """How far it has come, in steps."""
    walked_s: float = 0.0
    """When it took its newest step."""


class Worker:
    """Keep every deck's loop up to date with its controls.

    Parameters
    ----------
    memory : Memory
        Controls and clips.
    renderers : sequence of LoopRenderer
        One for each loaded model.
    now_s : callable
        Monotonic time in seconds.
    wait : callable
        Let so many seconds pass.
    log : DrawingLog, optional
        Told what is drawn.
    """

    def __init__(
        self,
        memory: Memory,
        renderers: Sequence[LoopRenderer],
        *,
        now_s: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
        log: DrawingLog | None = None,
    ) -> None:
        self.memory = memory
        self.renderers = renderers
        self.now_s = now_s
        self.wait = wait
        self.log = log or DrawingLog()
        self.warnings = Warnings()
        self.is_starved = False
        self.decks = [DeckWork(Drawing()) for _ in range(N_DECKS)]
        for deck, work in enumerate(self.decks):
            work.drawing.revision = int(memory.state["published"][0, deck].max()) // N_SLOTS
        self.log.began([work.drawing.revision for work in self.decks])
        self.governor = Governor()
        self.part_s, self.parted_s = GUESS_PART_S, float("-inf")
        self.values = memory.state["controls"][0].copy()
        self.clock = read_clock(memory)

    def step(self) -> bool:
        """Do what is most urgent, for a tenth of a second or so.

        Returns
        -------
        bool
            False if there is nothing to do.
        """
        self.values = self.memory.state["controls"][0].copy()
        self.clock = read_clock(self.memory)
        for deck in range(N_DECKS):
            self.hand_over(deck)
            self.follow(deck)
        waiting = [deck for deck in range(N_DECKS) if self.needs_whole(deck)]
        starving = [deck for deck in waiting if not self.is_live(deck) or self.is_at_rest(deck)]
        self.share_out(busy=self.part_s / PART_EVERY_S if starving else 0.0)
        windows = [window for deck in range(N_DECKS) if (window := self.next_window(deck)) is not None]
        if windows and not (starving and self.now_s() - self.parted_s > PART_EVERY_S):
            _, deck, n_cells = min(windows)
            self.guard(deck, self.decks[deck].drawing.settings, lambda: self.draw_window(deck, n_cells))
            return True
        if not waiting:
            return False
        self.parted_s = self.now_s()
        waiting = starving or waiting
        deck = min(waiting, key=lambda deck: (self.decks[deck].whole is None, not self.is_heard(deck), deck))
        self.guard(deck, self.decks[deck].drawing.settings, lambda: self.draw_part(deck))
        return True

    def value(self, deck: int, name: str) -> float:
        """Read a deck's control."""
        return float(self.values[SLOTS[f"/deck/1/{name}"].start + deck * DECK_STRIDE])

    def is_heard(self, deck: int) -> bool:
        """Whether a deck's fader is up, or its headphones."""
        return (self.value(deck, "level") > 0 and not self.value(deck, "mute")) or self.value(deck, "cue") > 0

    def is_live(self, deck: int) -> bool:
        """Whether what moves is to be heard at once: then windows are drawn under the playhead, else whole loops."""
        return (
            self.is_heard(deck)
            and self.value(deck, "flip") == 0
            and not self.value(deck, "freeze")
            and self.clock.ticks_a_second > 0
            and self.decks[deck].drawing.states is not None
            and self.memory.state["under"][0, deck] >= 0
        )

    def is_at_rest(self, deck: int) -> bool:
        """Whether all of a deck's loop is of where it is now."""
        return self.decks[deck].drawing.is_drawn(self.now_s()) and self.is_full(deck)

    def follow(self, deck: int) -> None:
        """Let a deck set out for where its controls point."""
        work, now_s = self.decks[deck], self.now_s()
        if self.value(deck, "freeze") and work.drawing.settings is not None:
            return
        settings = self.walk(deck, DeckSettings.from_controls(self.values, deck=deck + 1))
        if settings not in (work.drawing.settings, work.failed):
            renderer = self.renderers[min(settings.model, len(self.renderers) - 1)]
            glide_s = 0.0 if self.value(deck, "drift") > 0 else self.value(deck, "glide")
            self.guard(deck, settings, lambda: self.set_out(deck, settings, renderer, glide_s=glide_s, now_s=now_s))
            if self.is_live(deck) or work.drawing.is_complete():  # back at what was drawn last: nothing to finish
                work.whole = None

    def set_out(
        self, deck: int, settings: DeckSettings, renderer: LoopRenderer, *, glide_s: float, now_s: float
    ) -> None:
        """Let a deck set out for new settings."""
        self.decks[deck].drawing.follow(settings, renderer, glide_s=glide_s, now_s=now_s)
        self.decks[deck].failed = None
        self.log.set_out(deck, settings, glide_s=glide_s, now_s=now_s)

    def walk(self, deck: int, settings: DeckSettings) -> DeckSettings:
        """Go on along a deck's random walk, if it drifts."""
        work, now_s, state = self.decks[deck], self.now_s(), self.memory.state
        turn = int(state["walk_turn"][0, deck])
        begin = settings.seed, settings.walk, turn
        if begin != work.walk_from:
            goes_on = work.walk_from is None and int(state["walked_turn"][0, deck]) == turn  # where a dead worker was
            work.walk_from, work.walked = begin, float(state["walked"][0, deck]) if goes_on else 0.0
        since_s = now_s - work.walked_s
        if since_s > WALK_S:
            work.walked_s = now_s
            if self.is_live(deck):
                bars = min(since_s, 1.0) * self.clock.ticks_a_second / (4 * TICKS_A_BEAT)
                work.walked += self.value(deck, "drift") * bars
        state["walked"][0, deck], state["walked_turn"][0, deck] = work.walked, turn
        return dataclasses.replace(settings, walk=settings.walk + work.walked)

    def share_out(self, *, busy: float) -> None:
        """Plan how many loops are drawn anew, and which moving decks are followed: in turns, each for a whole loop."""
        if self.clock.ticks_a_second <= 0:
            return
        now_s = self.now_s()
        live = [
            deck
            for deck, work in enumerate(self.decks)
            if self.is_live(deck) and (work.failed is None or work.failed != work.drawing.settings)
        ]
        for deck in live:
            if not self.decks[deck].drawing.is_drawn(now_s):
                self.decks[deck].moved_s = now_s
        moving = [deck for deck in live if now_s - self.decks[deck].moved_s <= HELD_S]
        resting = [deck for deck in live if deck not in moving and not self.is_full(deck)]
        span_s = WINDOW_CELLS * TICKS_A_CELL / self.clock.ticks_a_second
        plan = self.governor.decide(n_moving=len(moving), n_resting=len(resting), span_s=span_s, busy=busy)
        n = len(moving) if plan.n_decks is None else plan.n_decks
        turn = int(self.clock.tick) // TICKS_A_LOOP * n
        followed = {moving[(turn + index) % len(moving)] for index in range(n)}
        for deck, work in enumerate(self.decks):
            waits = deck in moving and deck not in followed
            self.memory.count("waiting_decks", int(waits and not work.waits))
            work.waits = waits

    def is_full(self, deck: int) -> bool:
        """Whether all cells of a deck's loop are of its newest revision."""
        work = self.decks[deck]
        return work.drawing.is_whole or work.covered_tick - work.first_tick >= TICKS_A_LOOP

    def next_window(self, deck: int) -> tuple[float, int, int] | None:
        """Tell by when a deck needs a window, and of how many cells; None if it needs none."""
        work, now_s = self.decks[deck], self.now_s()
        if not self.is_live(deck) or work.waits or work.failed == work.drawing.settings:
            return None
        if not work.drawing.is_drawn(now_s):
            return work.window_s + FAIR_S, deck, WINDOW_CELLS
        if self.is_full(deck):
            return None
        left_s = (work.covered_tick - self.clock.tick) / self.clock.ticks_a_second
        if left_s > LEAD_S + self.governor.took_s(REST_CELLS) + self.part_s:
            return None
        return now_s + left_s - self.governor.took_s(REST_CELLS), deck, REST_CELLS

    def draw_window(self, deck: int, n_cells: int) -> None:
        """Draw and publish what sounds next."""
        work, began_s, n_loops = self.decks[deck], self.now_s(), self.governor.plan.n_loops
        moved = not work.drawing.is_drawn(began_s)
        tick = self.first_tick(deck, self.governor.took_s(n_cells), after=0.0 if moved else work.covered_tick)
        work.window_s = began_s
        first_cell = self.cell_at(deck, tick)
        n_drawn = n_cells
        if self.value(deck, "bars") == 1:  # the cells of the second bar are not heard
            n_drawn = min(n_cells, N_CELLS // 2 - first_cell)
        clips = work.drawing.draw_window(first_cell, n_drawn, n_loops=n_loops, now_s=began_s)
        revision = work.drawing.revision
        self.log.window(deck, first_cell, n_drawn, n_loops=n_loops, now_s=began_s, revision=revision)
        self.publish(deck, clips)
        if n_drawn == n_cells:
            self.governor.note(n_cells, self.now_s() - began_s)
        self.memory.state["loops"][0, deck] = n_loops
        self.memory.count("narrowed_windows", int(n_loops < N_LOOPS))
        if moved:
            work.first_tick = tick
        self.note_drawn(deck)
        work.covered_tick = tick + n_drawn * TICKS_A_CELL
        clock = read_clock(self.memory)
        self.memory.state["margin_s"][0, deck] = (work.covered_tick - clock.tick) / clock.ticks_a_second
        if clock.tick > tick + TICKS_A_CELL:
            self.memory.count("late_cells", int((clock.tick - tick) // TICKS_A_CELL))
        self.memory.count("windows")

    def first_tick(self, deck: int, wait_s: float, *, after: float) -> float:
        """Tell on which tick the cell begins that sounds once a window is drawn, or `after`, if that is later."""
        if self.value(deck, "repeat") > 0:
            return float(int(self.memory.state["under"][0, deck]) // N_CELLS)
        speed = self.clock.ticks_a_second
        then = self.clock.tick + wait_s * speed
        first = then - then % TICKS_A_CELL
        if then + FLIP_S * speed > first + TICKS_A_CELL:
            first += TICKS_A_CELL
        return max(first, after)

    def cell_at(self, deck: int, tick: float) -> int:
        """Tell which cell of a deck sounds at a tick of the clock."""
        now, cell = divmod(int(self.memory.state["under"][0, deck]), N_CELLS)
        n_cells = N_CELLS // 2 * int(self.value(deck, "bars"))
        return (cell + int(tick) // TICKS_A_CELL - now // TICKS_A_CELL) % n_cells

    def needs_whole(self, deck: int) -> bool:
        """Whether a deck's loop is to be drawn as a whole."""
        work, drawing = self.decks[deck], self.decks[deck].drawing
        is_frozen = (
            self.value(deck, "freeze") and drawing.revision > 0
        )  # what is frozen at the start needs a loop first
        if drawing.settings is None or work.failed == drawing.settings or is_frozen:
            return False
        if self.is_live(deck) and (not drawing.arrived(self.now_s()) or self.value(deck, "drift") > 0):
            return False
        return work.whole is not None or not drawing.is_complete()

    def draw_part(self, deck: int) -> None:
        """Draw a part of a whole loop, and publish it with the last one."""
        work, began_s = self.decks[deck], self.now_s()
        if work.whole is None:
            work.whole = work.drawing.draw_whole()
            self.log.whole_begun(deck)
        clips = next(work.whole)
        self.part_s += 0.3 * (self.now_s() - began_s - self.part_s)
        if clips is None:
            return
        work.whole = None
        self.log.whole(deck, revision=work.drawing.revision)
        first = self.cell_at(deck, self.clock.tick) + 1 if self.memory.state["under"][0, deck] >= 0 else 0
        self.publish(deck, clips[first:] + clips[:first])
        self.note_drawn(deck)
        self.memory.state["rendered"][0, deck] = self.memory.state["drawn"][0, deck]
        self.memory.state["rested"][0, deck] = work.drawing.revision
        self.memory.state["loops"][0, deck] = N_LOOPS
        self.memory.count("loops")

    def note_drawn(self, deck: int) -> None:
        """Tell the other processes what the newest clips were drawn from."""
        settings = self.decks[deck].drawing.drawn_settings
        if settings is not None:
            self.memory.state["drawn"][0, deck] = settings.to_array()

    def publish(self, deck: int, clips: Sequence[tuple[int, Clip]]) -> None:
        """Hand clips over, and wait a little for those whose cell has no free slot."""
        for cell in {cell for cell, _ in clips} & set(self.decks[deck].waiting):
            self.log.missed(deck, cell)
        self.decks[deck].waiting.update(clips)
        until_s = self.now_s() + PATIENCE_S
        while not self.hand_over(deck) and self.now_s() < until_s:
            self.wait(POLL_S)

    def hand_over(self, deck: int) -> bool:
        """Hand over the clips whose cells have a free slot by now; tells whether none is left."""
        waiting = self.decks[deck].waiting
        for cell in [cell for cell, clip in waiting.items() if publish(self.memory, deck, cell, clip)]:
            del waiting[cell]
        return not waiting

    def guard(self, deck: int, settings: DeckSettings | None, work: Callable[[], None]) -> None:
        """Do some work for settings; a failure is counted and said, they are not tried again, and the deck plays on."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the outermost live loop: the music goes on
            self.memory.count("render_failures")
            self.decks[deck].failed, self.decks[deck].whole = settings, None
            seed = f"seed {settings.seed}" if settings else "its model"
            self.warnings.warn("render", f"deck {deck + 1} keeps its loop: {seed} failed ({error})")
            self.is_starved = self.is_starved or is_out_of_memory(error)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory was short; oneDNN, which keeps what it could not make, then fails in this process for ever."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in STARVED)
