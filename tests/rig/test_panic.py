import time

import numpy as np
import pytest

from tests.rig.captured import phase_error_s
from tests.rig.conftest import LOOP, RATE, Instrument, Pulse, Start, oscsend
from tests.rig.machine import attempts

PANIC_S = 0.1
"""Bound: panic is silent."""
PATIENCE = 3
PHASE_S = 0.002
QUIET = 1e-3
"""Share of the level before that counts as silent: -60 dB."""
LEAD_S = LOOP / RATE + 0.5
"""What is heard before: a loop, and the beginning, which is thrown away."""
REST_S = 1.0


@pytest.mark.slow
def test_panic_silences_at_once_and_lets_the_music_back_in_phase(pulse: Pulse, start: Start) -> None:
    instrument = start("--device", "pulse", environment=pulse.environment)
    instrument.wait_for("playing drums")
    oscsend(instrument.osc_port, "/deck/1/send", "f", 0.7)
    instrument.wait_until_rendered()
    time.sleep(REST_S)
    for machine in attempts("where the music comes back"):
        with machine.watched():
            error_s = panic(instrument, pulse)
        if machine.is_in_phase(error_s, most_s=PHASE_S):
            return


def panic(instrument: Instrument, pulse: Pulse) -> float:
    """Press panic and let it go; how far from the phase it had the music comes back, in seconds."""
    ear = pulse.listen()
    time.sleep(LEAD_S)
    pressed_s = time.monotonic()
    oscsend(instrument.osc_port, "/panic", "i", 1)
    time.sleep(REST_S)
    released_s = time.monotonic()
    oscsend(instrument.osc_port, "/panic", "i", 0)
    time.sleep(LEAD_S + REST_S)
    audio = ear.stop()
    begin_s = ear.time_s(0, len(audio))
    pressed, released = (round((at_s - begin_s) * RATE) for at_s in (pressed_s, released_s))
    level = np.max(np.abs(audio), axis=1)
    loud = np.flatnonzero(level[pressed:released] > QUIET * np.max(level[:pressed]))
    silent_s = (int(loud[-1]) + 1 if len(loud) else 0) / RATE
    back = np.flatnonzero(level[released:] > QUIET * np.max(level[:pressed]))
    before, after = audio[pressed - LOOP : pressed], audio[-LOOP:]
    error_s = abs(phase_error_s(before, after, (len(audio) - pressed) / RATE))
    print(
        f"silent after {silent_s * 1000:.0f} ms (bound {PANIC_S * 1000:g}), heard {back[0] / RATE * 1000:.0f} ms "
        f"after its release, {error_s * 1000:.2f} ms from the phase it had"
    )
    assert silent_s < PATIENCE * PANIC_S
    assert back[0] < PATIENCE * PANIC_S * RATE
    return error_s
