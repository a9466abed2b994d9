"""How much is drawn at once: fewer of the four loops, then fewer decks, before anything comes too late."""

import dataclasses

from performer.memory import N_LOOPS

WINDOW_CELLS = 2
"""Cells drawn while a control moves: those under the playhead."""
REST_CELLS = 8
"""Cells drawn at a time once it rests, ahead of the playhead, until the loop is full."""
GUESS_S = {WINDOW_CELLS: 0.05, REST_CELLS: 0.09}
"""What a window of four loops takes, until it was measured."""
COST = {4: 1.0, 2: 0.71, 1: 0.59}
"""What a window of fewer loops takes, against one of all four: 43, 31 and 25 ms on two processor cores."""
LOADED = 0.9
"""Share of the time that windows may take before fewer loops are drawn."""
CALM = 0.75
"""Share below which more are drawn again."""
PROMPT_S = 0.055
"""A window of a deck under the hand takes no longer, or fewer loops are drawn: what is heard comes after one and a half
windows and some 65 ms, and must come within 150."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is drawn at once."""

    n_loops: int = N_LOOPS
    """Loops of a deck that are drawn anew; the others are their doubles."""
    n_decks: int | None = None
    """Decks whose moves are followed at once; None for all."""


class Governor:
    """Watch what windows take, and plan what there is time for.

    While a deck moves, a window of `WINDOW_CELLS` is drawn for it again and again, and the next one must be there
    before the playhead has left it, or the deck would fall back to what it played before the move.
    """

    def __init__(self) -> None:
        self.full_s = dict(GUESS_S)
        self.plan = Plan()

    def took_s(self, n_cells: int) -> float:
        """Tell what a window of some cells takes as planned."""
        return self.full_s[n_cells] * COST[self.plan.n_loops]

    def note(self, n_cells: int, took_s: float) -> None:
        """Learn what a window, as planned, has taken."""
        self.full_s[n_cells] += 0.3 * (took_s / COST[self.plan.n_loops] - self.full_s[n_cells])

    def decide(self, *, n_moving: int, n_resting: int, span_s: float, busy: float = 0.0) -> Plan:
        """Plan what is drawn at once.

        Parameters
        ----------
        n_moving : int
            Decks that move.
        n_resting : int
            Decks that have come to rest and whose loop is not full yet.
        span_s : float
            How long `WINDOW_CELLS` cells sound.
        busy : float
            Share of the time that goes into whole loops.

        Returns
        -------
        Plan
            As many loops as there is time for; decks wait only where one loop each is too much.
        """
        resting_s = n_resting * self.full_s[REST_CELLS] * WINDOW_CELLS / REST_CELLS
        load = (n_moving * self.full_s[WINDOW_CELLS] + resting_s) / span_s
        window_s = self.full_s[WINDOW_CELLS] if n_moving else 0.0
        limits = {n: CALM if n > self.plan.n_loops else LOADED for n in COST}
        fitting = [
            n
            for n, cost in COST.items()
            if load * cost + busy <= limits[n] and window_s * cost <= PROMPT_S * limits[n] / LOADED
        ]
        if fitting or n_moving < 2:
            self.plan = Plan(n_loops=max(fitting, default=min(COST)))
        else:
            room_s = (LOADED - busy) * span_s - resting_s * COST[1]
            n_decks = int(room_s / (self.full_s[WINDOW_CELLS] * COST[1]))
            self.plan = Plan(n_loops=1, n_decks=min(max(n_decks, 1), n_moving))
        return self.plan


def doubles(n_loops: int) -> list[int]:
    """Tell which of the loops drawn stands in for each of the four; the first two lie farthest apart."""
    return [loop % n_loops for loop in range(N_LOOPS)]
