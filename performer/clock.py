"""The clock: one counter of samples, carried over the death of the process that counts."""

from performer.memory import Memory


def record_position(memory: Memory, position: int, *, heard_s: float) -> None:
    """Note at which time a sample is heard.

    Parameters
    ----------
    memory : Memory
        Where to.
    position : int
        Samples since the start.
    heard_s : float
        Monotonic time at which it leaves the device.
    """
    memory.state["position"][0] = position
    memory.state["position_time_s"][0] = heard_s


def resume_position(memory: Memory, *, sample_rate: int, heard_s: float) -> int:
    """Tell which sample would be heard at a time, had the music never stopped.

    Parameters
    ----------
    memory : Memory
        Where `record_position` wrote.
    sample_rate : int
        In hertz.
    heard_s : float
        Monotonic time.

    Returns
    -------
    int
        Samples since the start; 0 if nothing was played yet.
    """
    recorded_s = float(memory.state["position_time_s"][0])
    if recorded_s == 0:
        return 0
    return int(memory.state["position"][0]) + round((heard_s - recorded_s) * sample_rate)
