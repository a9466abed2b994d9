import time

import pytest

from performer.output.outputs import PacedOutput
from tests.performer.conftest import Ramp

RATE = 48_000


def underrun() -> None:
    raise RuntimeError("a block was given up")


def test_a_paced_output_keeps_the_system_clock_s_pace() -> None:
    ramp = Ramp()
    output = PacedOutput(render=ramp, underrun=underrun, sample_rate=RATE).start()
    start_s = time.monotonic()
    assert ramp.enough.wait(10)
    expected = (time.monotonic() - start_s) * RATE
    output.close()
    assert ramp.at == pytest.approx(expected, abs=0.5 * RATE)
    assert output.failure() is None
