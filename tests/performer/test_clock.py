from performer.clock import record_position, resume_position
from performer.memory import Memory
from tests.performer.conftest import FakeClock


def test_nothing_played_starts_at_zero(memory: Memory, clock: FakeClock) -> None:
    assert resume_position(memory, sample_rate=48_000, now_s=clock) == 0


def test_the_clock_runs_on_while_nobody_counts(memory: Memory, clock: FakeClock) -> None:
    record_position(memory, 96_000, now_s=clock)
    clock.advance(1.5)
    assert resume_position(memory, sample_rate=48_000, now_s=clock) == 96_000 + 72_000
