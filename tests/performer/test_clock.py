from performer.clock import record_position, resume_position
from performer.memory import Memory


def test_nothing_played_starts_at_zero(memory: Memory) -> None:
    assert resume_position(memory, sample_rate=48_000, heard_s=1000.0) == 0


def test_the_clock_runs_on_while_nobody_counts(memory: Memory) -> None:
    record_position(memory, 96_000, heard_s=1000.0)
    assert resume_position(memory, sample_rate=48_000, heard_s=1001.5) == 96_000 + 72_000
