"""Time tags: messages that are to be obeyed later wait here, and nobody sleeps on them."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Sequence

from performer.surfaces.osc.packet import NOW, OscError

NTP_EPOCH_S = 2_208_988_800
"""From 1900, where time tags begin, to 1970."""
MAX_AHEAD_S = 60.0
"""A time tag further ahead is refused."""
MAX_WAITING_BYTES = 1 << 20
"""Room for what waits."""
OVERHEAD_BYTES = 512
"""What a message that waits costs beside its own bytes."""

Arrived = tuple[bytes, tuple]
"""A message and its source."""


def ahead_s(tag: int, *, wall_s: float) -> float:
    """Tell how far ahead of now a time tag is.

    Parameters
    ----------
    tag : int
        64 bits: seconds since 1900 in the upper half, which begin anew in 2036, and their fraction in the lower.
    wall_s : float
        The time of day, seconds since 1970.

    Returns
    -------
    float
        Seconds; below 0 for what is past, 0 for "at once".
    """
    if tag <= NOW:
        return 0.0
    now = int((wall_s + NTP_EPOCH_S) * 2**32)
    return ((tag - now + 2**63) % 2**64 - 2**63) / 2**32


class Schedule:
    """What waits for its time.

    Parameters
    ----------
    obey : callable
        Called with the messages whose time has come, in order.
    loop : asyncio.AbstractEventLoop
        Keeps the time.
    wall_s : callable
        The time of day in seconds since 1970; a later change of it moves nothing that waits.
    """

    def __init__(
        self,
        obey: Callable[[Sequence[Arrived]], None],
        *,
        loop: asyncio.AbstractEventLoop,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.obey = obey
        self.loop = loop
        self.wall_s = wall_s
        self.waiting: list[tuple[float, int, int, Arrived]] = []
        """When each is due, its number, its tag and the message: a heap."""
        self.due_s: dict[int, float] = {}
        """When the tags that wait are due."""
        self.waiting_bytes = 0
        self.numbers = itertools.count()
        self.timer: asyncio.TimerHandle | None = None

    def is_due(self, tag: int) -> bool:
        """Whether the time of a tag has come.

        Raises
        ------
        OscError
            If it is too far ahead.
        """
        ahead = ahead_s(tag, wall_s=self.wall_s())
        if ahead > MAX_AHEAD_S:
            raise OscError(
                f"time tag {ahead:.0f} s ahead, at most {MAX_AHEAD_S:g} s are needed; set the clock of the sender"
            )
        return ahead <= 0

    def add(self, tagged: Sequence[tuple[int, Arrived]]) -> None:
        """Let messages wait, all or none; of equal tags the first that came is the first obeyed.

        Raises
        ------
        OscError
            If there is no more room.
        """
        size = sum(len(data) + OVERHEAD_BYTES for _, (data, _) in tagged)
        if self.waiting_bytes + size > MAX_WAITING_BYTES:
            raise OscError(f"{len(self.waiting)} messages wait for their time, fewer are needed; send them later")
        self.waiting_bytes += size
        for tag, arrived in tagged:
            if tag not in self.due_s:
                self.due_s[tag] = self.loop.time() + ahead_s(tag, wall_s=self.wall_s())
            heapq.heappush(self.waiting, (self.due_s[tag], next(self.numbers), tag, arrived))
        self.wake()

    def wake(self) -> None:
        """Set the timer to what is next."""
        self.close()
        if self.waiting:
            self.timer = self.loop.call_at(self.waiting[0][0], self.obey_due)

    def obey_due(self) -> None:
        """Obey all whose time has come."""
        due, now_s = [], self.loop.time()
        while self.waiting and self.waiting[0][0] <= now_s:
            _, _, tag, arrived = heapq.heappop(self.waiting)
            self.due_s.pop(tag, None)
            due.append(arrived)
        self.waiting_bytes -= sum(len(data) + OVERHEAD_BYTES for data, _ in due)
        self.wake()
        self.obey(due)

    def close(self) -> None:
        """Stop the timer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
