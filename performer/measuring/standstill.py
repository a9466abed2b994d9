"""A watch on the machine: a sleeper on each processor that notes how late it wakes.

What delays a sleeper of the highest real-time priority is not the work on this machine, but the host of a virtual one,
which may stop it without counting that as stolen time. No program can play through that.

Run as `python -m performer.measuring.standstill` by `StandstillWatch`.
"""

import collections
import os
import subprocess
import sys
import threading
import time

STEP_S = 0.002
"""How long a sleeper sleeps."""
LEAST_S = 0.004
"""A delay that is noted. A device of 20 ms that is asked for blocks of 10.7 ms has so much to spare."""
ORDINARY = "ordinary"
REALTIME = "realtime"


class StandstillWatch:
    """Watch the machine from a process of its own.

    Attributes
    ----------
    is_fair : bool
        Whether nothing but the machine can delay the sleepers: false for a user without real-time priority.
    delays : deque of (float, float)
        Monotonic time at which a standstill was over, and how long it was, in seconds.
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "performer.measuring.standstill"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.delays: collections.deque[tuple[float, float]] = collections.deque()
        out = self.process.stdout
        self.is_fair = out is not None and out.readline().strip() == REALTIME
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Read until the end."""
        for line in self.process.stdout or ():
            at_s, delay_s = line.split()
            self.delays.append((float(at_s), float(delay_s)))

    def stood_still(self, since_s: float, until_s: float) -> bool:
        """Whether the machine stood still between two times."""
        return self.is_fair and any(since_s < at_s and at_s - delay_s < until_s for at_s, delay_s in list(self.delays))

    def close(self) -> None:
        """Stop watching."""
        self.process.communicate()
        self.thread.join()


def sleep_on(processor: int) -> None:
    """Sleep on one processor, again and again, and tell of each delay."""
    os.sched_setaffinity(0, {processor})
    before_s = time.monotonic()
    while True:
        time.sleep(STEP_S)
        now_s = time.monotonic()
        if now_s - before_s - STEP_S > LEAST_S:
            line = f"{now_s} {now_s - before_s - STEP_S}\n"
            os.write(sys.stdout.fileno(), line.encode())  # at once: all processors stand still together, and wake so
        before_s = now_s


def main() -> None:
    """Watch until standard input closes."""
    priority = REALTIME
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_max(os.SCHED_RR)))
    except (AttributeError, OSError):
        priority = ORDINARY
    print(priority, flush=True)
    for processor in os.sched_getaffinity(0):
        threading.Thread(target=sleep_on, args=(processor,), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
