"""The instrument on a real sound server: what is heard there."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

import librosa
import numpy as np
import pytest

from tests.rig.conftest import RATE, Pulse, Start, longest_silence, machine_delay_ms, need, read_capture, wait_until

LOOP = 192_000
STEPS = 30
SETTLE_S = 15
SILENCE = 8
"""Samples of exact silence in a row that a loop may hold."""
ATTEMPTS = 3
LATENCY_MS = 60
"""A virtual machine stands still for 8 to 12 ms now and then, longer than the slack of the default latency."""
STANDSTILL_MS = 15.0
STOLEN_S = 0.2
"""A machine that stands still this long, or a host that takes more processor time than this, makes gaps of its own."""


def oscsend(port: int, path: str, kind: str, value: float) -> None:
    subprocess.run(["oscsend", "127.0.0.1", str(port), path, kind, f"{value:g}"], check=True)


def onsets_per_second(audio: np.ndarray) -> float:
    mono = audio.mean(axis=1)
    return len(librosa.onset.onset_detect(y=mono, sr=RATE)) / (len(mono) / RATE)


def bass_db(audio: np.ndarray) -> float:
    mono = audio.mean(axis=1)
    power = np.abs(np.fft.rfft(mono) / len(mono)) ** 2
    return float(10 * np.log10(power[np.fft.rfftfreq(len(mono), 1 / RATE) < 150].sum()))


@pytest.fixture
def knobs(pulse: Pulse, jack: dict[str, str]) -> Iterator[IO[str]]:
    """A MIDI controller on JACK; each line `channel controller value` written to it turns a knob."""
    with subprocess.Popen(
        [sys.executable, str(pathlib.Path(__file__).with_name("midi_knobs.py")), "knobs"],
        env={**pulse.environment, **jack},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process.stdin
        process.stdin.close()


@pytest.mark.slow
def test_a_minute_moved_by_oscsend_and_a_midi_knob_has_no_gap_and_follows_both_hands(
    pulse: Pulse, jack: dict[str, str], knobs: IO[str], start: Start, tmp_path: pathlib.Path
) -> None:
    need("oscsend")

    def turn(sigma: float) -> None:
        oscsend(instrument.osc_port, "/deck/1/density", "f", sigma)
        knobs.write(f"1 17 {round(64 + sigma / 3 * 63.5)}\n")
        knobs.flush()

    def play(path: pathlib.Path) -> np.ndarray:
        turn(-2)
        instrument.wait_until_rendered()
        time.sleep(0.5)
        recorder = pulse.record(path)
        time.sleep(SETTLE_S)
        for step in range(1, STEPS + 1):
            turn(-2 + 4 * step / STEPS)
            time.sleep(1)
        instrument.wait_until_rendered()
        time.sleep(SETTLE_S)
        recorder.terminate()
        recorder.wait()
        audio = read_capture(path)
        return audio[np.flatnonzero(np.any(audio != 0, axis=1))[0] :]

    options = ("--device", "pulse", "--latency-ms", f"{LATENCY_MS}", "--midi", "knobs")
    for attempt in range(1, ATTEMPTS + 1):
        instrument = start(*options, environment={**pulse.environment, **jack})
        instrument.wait_for("playing drums")
        assert re.search(r"MIDI: .*knobs", instrument.log.read_text())
        with machine_delay_ms() as delay_ms:
            audio = play(tmp_path / f"capture{attempt}.f32")
        summary = instrument.stop()
        silence = longest_silence(audio)
        print(f"{len(audio) / RATE:.1f} s captured, longest silence {silence} samples, {summary}")
        print(f"the machine stood still for {delay_ms[0]:.1f} ms at most")
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
        assert delay_ms[0] > STANDSTILL_MS or summary["stolen_s"] > STOLEN_S, "a gap that the machine did not make"
    pytest.skip(f"the machine stood still in each of {ATTEMPTS} minutes: it cannot show a minute without a gap")


@pytest.mark.slow
def test_a_killed_audio_process_comes_back_in_phase(pulse: Pulse, start: Start, tmp_path: pathlib.Path) -> None:
    instrument = start("--device", "pulse", environment=pulse.environment)
    instrument.wait_for("playing drums")
    path = tmp_path / "capture.f32"
    recorder = pulse.record(path)
    time.sleep(5.5)
    os.kill(instrument.child("audio"), signal.SIGKILL)
    wait_until(lambda: instrument.log.read_text().count("sound: pulse") == 2, what="the sound is back")
    time.sleep(6)
    recorder.terminate()
    recorder.wait()
    left = read_capture(path)[:, 0].astype(np.float64)
    left = left[np.flatnonzero(left)[0] :]
    before, after = left[RATE // 4 : RATE // 4 + LOOP], left[-LOOP - RATE // 4 : -RATE // 4]
    apart = len(left) - LOOP - RATE // 2  # samples from the one to the other, in the recording
    likeness = np.fft.irfft(np.fft.rfft(after) * np.fft.rfft(before).conj())
    error = (int(np.argmax(likeness)) + apart + LOOP // 2) % LOOP - LOOP // 2
    print(f"{error / RATE * 1000:.2f} ms from the phase it had")
    assert abs(error) < RATE // 500


@pytest.mark.slow
def test_the_sound_comes_back_when_the_sound_server_does(pulse: Pulse, start: Start, tmp_path: pathlib.Path) -> None:
    instrument = start("--device", "pulse", environment=pulse.environment)
    instrument.wait_for("playing drums")
    pulse.kill()
    instrument.wait_for("opening it again")
    instrument.wait_for("trying again every 0.5 s")
    pulse.start()
    back_s = wait_until(
        lambda: instrument.log.read_text().count("sound: pulse") == 2, what="the sound is back", patience_s=30
    )
    path = tmp_path / "capture.f32"
    recorder = pulse.record(path)
    time.sleep(3)
    recorder.terminate()
    recorder.wait()
    assert np.std(read_capture(path)[-RATE:]) > 0.001
    summary = instrument.stop()
    assert summary["counters"]["audio_restarts"] >= 1
    print(f"back {back_s:.2f} s after the server")


@pytest.mark.slow
def test_a_frozen_sound_server_is_survived(pulse: Pulse, start: Start) -> None:
    instrument = start("--device", "pulse", environment=pulse.environment)
    instrument.wait_for("playing drums")
    assert pulse.process is not None
    os.kill(pulse.process.pid, signal.SIGSTOP)
    instrument.wait_for("the sound device has asked for nothing")
    os.kill(pulse.process.pid, signal.SIGCONT)
    wait_until(lambda: instrument.log.read_text().count("sound: pulse") >= 2, what="the sound is back")
    assert instrument.stop()["counters"]["audio_restarts"] >= 1
