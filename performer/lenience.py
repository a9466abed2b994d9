"""Not taking others for dead because one has slept oneself."""

import time
from collections.abc import Callable

STOOD_STILL_S = 0.3
"""A process that looks so late has itself stood still: frozen with all others, or on a host that took its time."""
FORGIVEN_S = 1.0
"""How long nobody is judged after that."""


class Lenience:
    """Tells whether others may be judged by how long they have been silent.

    Parameters
    ----------
    now_s : callable
        Monotonic time in seconds; it runs on while a virtual machine or a container stands still.
    """

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self.looked_s = now_s()
        self.until_s = float("-inf")

    def may_judge(self) -> bool:
        """Say so, at each look; False for a while after a look that came too late."""
        now_s = self.now_s()
        if now_s - self.looked_s > STOOD_STILL_S:
            self.until_s = now_s + FORGIVEN_S
        self.looked_s = now_s
        return now_s >= self.until_s
