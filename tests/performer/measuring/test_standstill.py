import os
import signal
import time
from collections.abc import Iterator

import pytest

from performer.measuring.standstill import LEAST_S, StandstillWatch


@pytest.fixture
def watch() -> Iterator[StandstillWatch]:
    begun = StandstillWatch()
    yield begun
    begun.close()


def test_a_standstill_is_noted_when_it_is_over(watch: StandstillWatch) -> None:
    began_s = time.monotonic()
    time.sleep(0.1)
    stopped_s = time.monotonic()
    os.kill(watch.process.pid, signal.SIGSTOP)
    time.sleep(0.1)
    os.kill(watch.process.pid, signal.SIGCONT)
    resumed_s = time.monotonic()
    while not any(delay_s > 0.05 for _, delay_s in watch.delays):
        assert time.monotonic() < resumed_s + 10
        time.sleep(0.01)
    at_s, delay_s = max(watch.delays, key=lambda delay: delay[1])
    assert at_s > stopped_s + 0.1
    assert 0.1 - 2 * LEAST_S < delay_s < at_s - began_s  # a machine that stands still adds to it


def test_it_is_asked_for_a_stretch_of_time(watch: StandstillWatch) -> None:
    watch.is_fair = True
    watch.delays.clear()
    watch.delays.append((-10.0, 0.5))
    for since_s, until_s, hit in ((-9.9, -9, False), (-11, -10.6, False), (-11, -10.4, True), (-10.1, -9, True)):
        assert watch.stood_still(since_s, until_s) == hit, (since_s, until_s)
    watch.is_fair = False  # then our own work may have delayed it
    assert not watch.stood_still(-11, -9)


def test_it_leaves_with_the_measurement(watch: StandstillWatch) -> None:
    watch.close()
    assert watch.process.returncode == 0
