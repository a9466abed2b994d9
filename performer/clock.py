"""The clock: one counter of samples, carried over the death of the process that counts."""

import time
from collections.abc import Callable

from performer.memory import Memory


def record_position(memory: Memory, position: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
    """Note how many samples have been played, and when.

    Parameters
    ----------
    memory : Memory
        Where to.
    position : int
        Samples since the start.
    now_s : callable
        Monotonic time in seconds.
    """
    memory.state["position"][0] = position
    memory.state["position_time_s"][0] = now_s()


def resume_position(memory: Memory, *, sample_rate: int, now_s: Callable[[], float] = time.monotonic) -> int:
    """Tell where the music would be by now, had it never stopped.

    Parameters
    ----------
    memory : Memory
        Where `record_position` wrote.
    sample_rate : int
        In hertz.
    now_s : callable
        Monotonic time in seconds.

    Returns
    -------
    int
        Samples since the start; 0 if nothing was played yet.
    """
    recorded_s = float(memory.state["position_time_s"][0])
    if recorded_s == 0:
        return 0
    return int(memory.state["position"][0]) + round((now_s() - recorded_s) * sample_rate)
