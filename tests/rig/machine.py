"""The machine the rig runs on: a virtual one stands still now and then, and no test can play through that."""

import contextlib
import dataclasses
from collections.abc import Iterator

import pytest

from performer.measuring.standstill import StandstillWatch
from performer.supervisor import stolen_s

ATTEMPTS = 3
STANDSTILL_MS = 15.0
STOLEN_S = 0.2
"""A machine that stands still this long, or a host that takes more processor time than this, makes gaps of its own."""

SHORTEST_MS = 5.0
"""A standstill that puts what comes back some milliseconds off."""
DISPLACED_S = 0.1
"""Further off than standstills of any length seen have put it (53 ms)."""


@dataclasses.dataclass
class Machine:
    """One attempt at something that only a machine that never stands still can show."""

    standstill_ms: float = 0.0
    """The longest that a sleeper of the highest priority overslept."""
    stolen_s: float = 0.0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Note how the machine does meanwhile."""
        before_s, watch = stolen_s(), StandstillWatch()
        try:
            yield
        finally:
            watch.close()
            self.standstill_ms = 1000 * max((delay_s for _, delay_s in watch.delays), default=0.0)
            self.stolen_s = stolen_s() - before_s
            print(f"the machine stood still for {self.standstill_ms:.1f} ms, its host took {self.stolen_s:.2f} s")

    def is_in_phase(self, error_s: float, *, most_s: float) -> bool:
        """Tell whether the music is in its place; fail where it is further off than the machine can have put it."""
        if abs(error_s) < most_s:
            return True
        self.require_standstill("a phase", longest_ms=SHORTEST_MS)
        assert abs(error_s) < DISPLACED_S, "out of phase, by more than a standstill makes"
        return False

    def require_standstill(self, fault: str, *, longest_ms: float = STANDSTILL_MS) -> None:
        """Fail where the machine was never away for so long: then the fault is ours."""
        assert self.standstill_ms > longest_ms or self.stolen_s > STOLEN_S, f"{fault} that the machine did not make"


def attempts(what: str) -> Iterator[Machine]:
    """Try something again where the machine stood still; skip where it always did."""
    for _ in range(ATTEMPTS):
        yield Machine()
    pytest.skip(f"the machine stood still in each of {ATTEMPTS} attempts: it cannot show {what}")
