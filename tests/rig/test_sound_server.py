"""The instrument on a real sound server: what is heard there."""

import re
import time
from collections.abc import Iterator
from typing import IO

import librosa
import numpy as np
import pytest

from tests.rig.conftest import (
    LATENCY_MS,
    LOOP,
    RATE,
    SILENCE,
    Pulse,
    Start,
    longest_silence,
    midi_knobs,
    need,
    oscsend,
)
from tests.rig.machine import attempts

STEPS = 30
SETTLE_S = 15
SEED = 12
"""A loop without pauses: what is silent in it is a gap. (That of seed 3 falls silent for 90 ms when it is sparse.)"""


def onsets_per_second(audio: np.ndarray) -> float:
    mono = audio.mean(axis=1)
    return len(librosa.onset.onset_detect(y=mono, sr=RATE)) / (len(mono) / RATE)


def bass_db(audio: np.ndarray) -> float:
    mono = audio.mean(axis=1)
    power = np.abs(np.fft.rfft(mono) / len(mono)) ** 2
    return float(10 * np.log10(power[np.fft.rfftfreq(len(mono), 1 / RATE) < 150].sum()))


@pytest.fixture
def knobs(pulse: Pulse, jack: dict[str, str]) -> Iterator[IO[str]]:
    with midi_knobs({**pulse.environment, **jack}) as stream:
        yield stream


@pytest.mark.slow
def test_a_minute_moved_by_oscsend_and_a_midi_knob_has_no_gap_and_follows_both_hands(
    pulse: Pulse, jack: dict[str, str], knobs: IO[str], start: Start
) -> None:
    need("oscsend")

    def turn(sigma: float) -> None:
        oscsend(instrument.osc_port, "/deck/1/density", "f", sigma)
        knobs.write(f"1 17 {round(64 + sigma / 3 * 63.5)}\n")
        knobs.flush()

    def play() -> np.ndarray:
        turn(-2)
        instrument.wait_until_rendered()
        time.sleep(0.5)
        ear = pulse.listen()
        time.sleep(SETTLE_S)
        for step in range(1, STEPS + 1):
            turn(-2 + 4 * step / STEPS)
            time.sleep(1)
        instrument.wait_until_rendered()
        time.sleep(SETTLE_S)
        audio = ear.stop()
        return audio[np.flatnonzero(np.any(audio != 0, axis=1))[0] :]

    options = ("--device", "pulse", "--latency-ms", f"{LATENCY_MS}", "--midi", "knobs", "--seed", f"{SEED}")
    for machine in attempts("a minute without a gap"):
        instrument = start(*options, environment={**pulse.environment, **jack})
        instrument.wait_for("playing drums")
        assert re.search(r"MIDI: .*knobs", instrument.log.read_text())
        with machine.watched():
            audio = play()
        summary = instrument.stop()
        silence = longest_silence(audio)
        print(f"{len(audio) / RATE:.1f} s captured, longest silence {silence} samples, {summary}")
        assert len(audio) > (2 * SETTLE_S + STEPS - 1) * RATE
        assert summary["counters"]["osc_messages"] == STEPS + 1
        assert summary["counters"]["midi_messages"] == STEPS + 1
        low, high = audio[RATE : RATE + 3 * LOOP], audio[-3 * LOOP - RATE : -RATE]
        figures = [(onsets_per_second(part), bass_db(part)) for part in (low, high)]
        for name, (onsets, bass) in zip(("low", "high"), figures, strict=True):
            print(f"{name}: {onsets:.2f} onsets a second, {bass:.1f} dB below 150 Hz")
        assert figures[1][0] > 1.1 * figures[0][0]
        assert figures[1][1] > figures[0][1] + 3
        if silence <= SILENCE and summary["counters"]["underruns"] == 0:
            for part in (low, high):  # at rest not a sample is lost or doubled: the loop repeats to the bit
                np.testing.assert_array_equal(part[:LOOP], part[LOOP : 2 * LOOP])
            return
        machine.require_standstill("a gap")
