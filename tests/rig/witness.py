"""A witness of the machine: a sleeper on each processor that notes how late it wakes.

It runs until its standard input closes, then prints the longest delay in milliseconds. What delays a sleeper of
realtime priority is not the work on this machine, but the host of a virtual one, which may stop it without counting
that as stolen time.
"""

import os
import sys
import threading
import time

STEP_S = 0.002


def watch(processor: int, longest_s: list[float]) -> None:
    """Note the longest delay of a sleeper on one processor."""
    os.sched_setaffinity(0, {processor})
    before_s = time.monotonic()
    while True:
        time.sleep(STEP_S)
        now_s = time.monotonic()
        longest_s[0] = max(longest_s[0], now_s - before_s - STEP_S)
        before_s = now_s


def main() -> None:
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_max(os.SCHED_RR)))
    except PermissionError:
        os.nice(-20 if os.geteuid() == 0 else 0)
    longest_s = [0.0]
    for processor in os.sched_getaffinity(0):
        threading.Thread(target=watch, args=(processor, longest_s), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    print(f"{longest_s[0] * 1000:.1f}", flush=True)


if __name__ == "__main__":
    main()
