"""Nothing stops the music: each fault on a real sound server, and what is heard of it there.

What must not be heard at all is judged by the loop itself, which plays again and again: each sample of a capture is
compared with the one a loop later, so that a sample lost, doubled or changed anywhere shows. What may be heard is
timed: a test waits up to three times the bound, and prints how long it took.
"""

import contextlib
import dataclasses
import itertools
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import IO

import numpy as np
import pytest
import soundfile

from performer.controls import SLOTS
from performer.memory import process_exists, running_instruments
from tests.rig.captured import gap, phase_error_s, sounding
from tests.rig.conftest import (
    LATENCY_MS,
    LOOP,
    NULL_SINK_MODULE,
    RATE,
    SILENCE,
    Instrument,
    Pulse,
    Start,
    longest_silence,
    midi_knobs,
    oscsend,
    running_jack,
    running_pulse,
    wait_until,
)
from tests.rig.machine import attempts

pytestmark = pytest.mark.slow
PROCESSES = ("audio", "worker", "control", "recorder")
BACK_S = 5.0
"""Bound: a process that died or froze is back."""
SOUND_BACK_S = 3.0
"""Bound: the sound is back after the audio process was lost, or after the device returned."""
DETECT_S = 1.0
"""Bound: a device that is lost is noticed."""
PATIENCE = 3
PHASE_S = 0.005
"""A block: how well a sound server knows when it will play the first one it asks for. Usually 0.2 to 2.2 ms."""
SAME = 1e-5
"""A loop that was drawn anew is faded into: it is the same but for rounding."""
LEAD_S = LOOP / RATE + 0.5
"""What is heard before a fault: a loop, and the beginning, which is thrown away."""
REST_S = 1.0
AWAY_S = 1.5
"""How long a device stays away after its loss was noticed."""
SMALL_BYTES = 600_000_000
"""Address space in which the worker cannot load."""
FEEDBACK = {32: 0.2375, 64: 0.475}
"""Echo feedback by MIDI controller value."""


@dataclasses.dataclass
class Rig:
    """One instrument on a real sound server, for all faults that do not end it."""

    pulse: Pulse
    instrument: Instrument
    folder: pathlib.Path
    knobs: IO[str] | None = None
    """A MIDI controller."""
    seeds: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.cycle((42, 3)))
    turns: Iterator[int] = dataclasses.field(default_factory=lambda: itertools.cycle(FEEDBACK))

    def log(self) -> str:
        return self.instrument.log.read_text()

    def counter(self, name: str) -> int:
        return self.instrument.memory.counters()[name]

    def control(self, path: str) -> float:
        return float(self.instrument.memory.state["controls"][0, SLOTS[path]][0])

    def rest(self) -> None:
        """Wait until nothing changes any more: every loop is drawn, every filter has settled."""
        self.instrument.wait_until_rendered()
        time.sleep(REST_S)

    def require_obedience(self) -> None:
        """Move the instrument by OSC and MIDI: another loop is drawn and sounds."""
        state, seed = self.instrument.memory.state, next(self.seeds)
        revision = int(state["sounding"][0, 0])
        oscsend(self.instrument.osc_port, "/deck/1/seed", "i", seed)
        wait_until(lambda: self.control("/deck/1/seed") == seed, what="OSC is obeyed", patience_s=5)
        if self.knobs:
            turn = next(self.turns)
            self.knobs.write(f"16 13 {turn}\n")
            self.knobs.flush()
            wanted = FEEDBACK[turn]
            wait_until(lambda: abs(self.control("/echo/feedback") - wanted) < 1e-6, what="MIDI is obeyed", patience_s=5)
        self.instrument.wait_until_rendered()
        assert state["sounding"][0, 0] > revision


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("rig")
    with contextlib.ExitStack() as stack:
        pulse = stack.enter_context(running_pulse(folder))
        environment = {**pulse.environment, **stack.enter_context(running_jack())}
        knobs = stack.enter_context(midi_knobs(environment))
        options = ("--device", "pulse", "--latency-ms", f"{LATENCY_MS}", "--midi", "knobs")
        recorded = ("--record", str(folder / "set.flac"))
        instrument = Instrument(*options, *recorded, environment=environment, folder=folder)
        stack.callback(instrument.end)
        instrument.wait_for("playing drums")
        yield Rig(pulse, instrument, folder, knobs)


def end(rig: Rig, name: str, number: int) -> Callable[[], bool]:
    """Send a process a signal; the condition that it is gone and another one alive."""
    old = rig.instrument.child(name)
    os.kill(old, number)
    ended_s = time.monotonic()
    return lambda: not process_exists(old) and rig.instrument.memory.heartbeat_s(name) > ended_s + 0.05


def require_unheard(
    rig: Rig,
    fault: Callable[[], Callable[[], bool]],
    *,
    bound_s: float = BACK_S,
    settle: Callable[[], None] | None = None,
) -> None:
    """Let a fault happen and pass while a loop plays: not a sample of it may be lost or changed."""
    for machine in attempts("sound without a gap"):
        rig.rest()
        with machine.watched():
            ear = rig.pulse.listen()
            time.sleep(LEAD_S)
            is_over = fault()
            back_s = wait_until(is_over, what="the fault is over", patience_s=PATIENCE * bound_s)
            (settle or rig.rest)()
            audio = sounding(ear.stop())
        silence, difference = longest_silence(audio), float(np.max(np.abs(audio[LOOP:] - audio[:-LOOP])))
        print(
            f"over after {back_s:.2f} s (bound {bound_s:g}); of {len(audio) / RATE:.1f} s the longest silence is "
            f"{silence} samples, the largest difference from the loop before {difference:g}"
        )
        if silence <= SILENCE and difference <= SAME:
            return
        machine.require_standstill("a gap")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("worker", signal.SIGKILL),
        ("worker", signal.SIGSTOP),
        ("control", signal.SIGKILL),
        ("control", signal.SIGSTOP),
        ("recorder", signal.SIGKILL),
    ],
)
def test_a_killed_or_frozen_process_is_not_heard_and_comes_back(rig: Rig, name: str, number: signal.Signals) -> None:
    mark, counted = len(rig.log()), rig.counter(f"{name}_restarts")
    require_unheard(rig, lambda: end(rig, name, number), bound_s=BACK_S)
    told = rig.log()[mark:]
    restarts = told.count(f"the {name} process ended (-9); starting it again, the music goes on")
    assert rig.counter(f"{name}_restarts") == counted + restarts > counted
    assert told.count(f"the {name} process has been silent for") == (restarts if number == signal.SIGSTOP else 0)
    rig.require_obedience()


def test_a_worker_without_memory_to_start_is_tried_again_until_there_is_some(rig: Rig) -> None:
    counted = rig.counter("worker_restarts")

    def fault() -> Callable[[], bool]:
        supervisor = rig.instrument.process.pid
        limits = resource.prlimit(supervisor, resource.RLIMIT_AS)
        resource.prlimit(supervisor, resource.RLIMIT_AS, (SMALL_BYTES, limits[1]))  # for what it starts from now on
        try:
            before = rig.counter("worker_restarts")
            end(rig, "worker", signal.SIGKILL)
            wait_until(lambda: rig.counter("worker_restarts") >= before + 3, what="it cannot start", patience_s=30)
        finally:
            resource.prlimit(supervisor, resource.RLIMIT_AS, limits)
        there_s = time.monotonic()
        return lambda: rig.instrument.memory.heartbeat_s("worker") > there_s

    require_unheard(rig, fault, bound_s=BACK_S)
    assert rig.counter("worker_restarts") >= counted + 3
    rig.require_obedience()


def test_a_worker_that_runs_out_of_memory_leaves_the_loop_alone_and_draws_again(rig: Rig) -> None:
    wait_until(end(rig, "worker", signal.SIGKILL), what="a worker that has drawn no window yet", patience_s=15)
    failures, mark = rig.counter("render_failures"), len(rig.log())
    starved: dict[int, tuple[int, int]] = {}

    def fault() -> Callable[[], bool]:
        worker, before = rig.instrument.child("worker"), rig.counter("render_failures")
        starved[worker] = resource.prlimit(worker, resource.RLIMIT_AS)
        resource.prlimit(worker, resource.RLIMIT_AS, (1, starved[worker][1]))
        oscsend(rig.instrument.osc_port, "/deck/1/seed", "i", next(rig.seeds))
        return lambda: rig.counter("render_failures") > before

    def give_memory() -> None:
        for worker, limits in starved.items():
            with contextlib.suppress(ProcessLookupError):  # it may have left
                resource.prlimit(worker, resource.RLIMIT_AS, limits)

    try:
        require_unheard(rig, fault, settle=lambda: time.sleep(0.5))
        seed = rig.control("/deck/1/seed")
        assert rig.counter("render_failures") > failures
        assert f"deck 1 keeps its loop: seed {seed:g} failed" in rig.log()[mark:]
        give_memory()
        rendered = rig.instrument.memory.state["rendered"][0, 0]
        back_s = wait_until(lambda: rendered[0] == seed, what="it draws again", patience_s=PATIENCE * BACK_S)
        print(f"the loop that failed is drawn {back_s:.2f} s after there is memory again (bound {BACK_S:g})")
        rig.require_obedience()
    except BaseException:  # leave a sound instrument to the tests that follow
        give_memory()
        end(rig, "worker", signal.SIGKILL)
        raise


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_or_frozen_audio_process_is_back_in_phase(rig: Rig, number: signal.Signals) -> None:
    mark, counted = len(rig.log()), rig.counter("audio_restarts")
    for machine in attempts("where the sound comes back"):
        with machine.watched():
            error_s = replace_audio(rig, number)
        if machine.is_in_phase(error_s, most_s=PHASE_S):
            break
    told = rig.log()[mark:]
    restarts = told.count("the audio process ended (-9); starting it again, the clock runs on")
    assert rig.counter("audio_restarts") == counted + restarts > counted
    assert told.count("the audio process has been silent for") == (restarts if number == signal.SIGSTOP else 0)
    rig.require_obedience()


def replace_audio(rig: Rig, number: signal.Signals) -> float:
    """Kill or freeze the audio process; how far from the phase it had the sound comes back, in seconds."""
    mark = len(rig.log())
    rig.rest()
    ear = rig.pulse.listen()
    time.sleep(LEAD_S)
    os.kill(rig.instrument.child("audio"), number)
    wait_until(lambda: "sound: pulse" in rig.log()[mark:], what="the sound is back", patience_s=PATIENCE * SOUND_BACK_S)
    time.sleep(LEAD_S)
    audio = sounding(ear.stop())
    silent, heard = gap(audio)
    gap_s = (heard - silent) / RATE
    error_s = phase_error_s(audio[:LOOP], audio[-LOOP:], (len(audio) - LOOP) / RATE)
    print(f"gap of {gap_s:.2f} s (bound {SOUND_BACK_S:g}); {error_s * 1000:.2f} ms from the phase it had")
    assert 0 < gap_s < PATIENCE * SOUND_BACK_S
    return error_s


def unload(pulse: Pulse) -> None:
    pulse.pactl("unload-module", "module-null-sink")


def load(pulse: Pulse) -> None:
    pulse.pactl("load-module", *NULL_SINK_MODULE.split())


def freeze(pulse: Pulse) -> None:
    assert pulse.process
    os.kill(pulse.process.pid, signal.SIGSTOP)


def thaw(pulse: Pulse) -> None:
    assert pulse.process
    os.kill(pulse.process.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("lose", "give_back", "words"),
    [
        pytest.param(unload, load, "the sound device went away; opening it again", id="device unplugged"),
        pytest.param(Pulse.kill, Pulse.start, "the sound device went away; opening it again", id="server killed"),
        pytest.param(freeze, thaw, "the sound device has asked for nothing for", id="server frozen"),
    ],
)
def test_a_lost_device_is_noticed_and_played_to_again_in_phase(
    rig: Rig, lose: Callable[[Pulse], None], give_back: Callable[[Pulse], None], words: str
) -> None:
    counted = rig.counter("audio_restarts")
    for machine in attempts("where the sound comes back"):
        with machine.watched():
            error_s = lose_device(rig, lose, give_back, words)
        if machine.is_in_phase(error_s, most_s=PHASE_S):
            break
    assert rig.counter("audio_restarts") > counted
    rig.require_obedience()


def lose_device(rig: Rig, lose: Callable[[Pulse], None], give_back: Callable[[Pulse], None], words: str) -> float:
    """Take the device away and give it back; how far from the phase it had the sound comes back, in seconds."""
    rig.rest()
    first_ear = rig.pulse.listen()
    time.sleep(LEAD_S)
    before = first_ear.stop()
    mark, lost_s = len(rig.log()), time.monotonic()
    lose(rig.pulse)
    noticed_s = wait_until(lambda: words in rig.log()[mark:], what="it is noticed", patience_s=PATIENCE * DETECT_S)
    time.sleep(AWAY_S)
    if lose is not freeze:
        wait_until(lambda: "trying again every 0.5 s" in rig.log()[mark:], what="it is waited for", patience_s=10)
    give_back(rig.pulse)
    there_s, second_ear = time.monotonic(), rig.pulse.listen()
    wait_until(lambda: "sound: pulse" in rig.log()[mark:], what="the sound is back", patience_s=PATIENCE * SOUND_BACK_S)
    time.sleep(LEAD_S)
    after = second_ear.stop()
    sound_s = second_ear.time_s(gap(after)[1])
    first, second = len(before) - LOOP, len(after) - LOOP
    apart_s = second_ear.time_s(second, LOOP) - first_ear.time_s(first, LOOP)
    error_s = phase_error_s(before[first:], after[second:], apart_s)
    print(
        f"noticed after {noticed_s:.2f} s (bound {DETECT_S:g}); sound {sound_s - there_s:.2f} s after its return "
        f"(bound {SOUND_BACK_S:g}), {sound_s - lost_s:.2f} s after its loss; {error_s * 1000:.2f} ms from its phase"
    )
    assert sound_s - there_s < PATIENCE * SOUND_BACK_S
    return error_s


def test_what_happened_was_counted_and_recorded(rig: Rig) -> None:
    """Runs last of those that share an instrument, and ends it."""
    summary, log = rig.instrument.stop(), rig.log()
    print(log)
    for name in PROCESSES:
        assert summary["counters"][f"{name}_restarts"] == log.count(f"the {name} process ended (")
    last = log.splitlines()[-1]
    assert last.startswith("loopmorph: played ")
    for name in PROCESSES:
        restarts = summary["counters"][f"{name}_restarts"]
        assert (f"{restarts} {name} restarts" in last) == (restarts > 0)
    assert summary["counters"]["unrecorded_samples"] == summary["counters"]["session_failures"] == 0
    recordings = sorted(rig.folder.glob("set*.flac"))
    seconds = [soundfile.info(path).duration for path in recordings]
    print(f"{summary['played_s']} s played, recorded: {seconds}")
    assert sum(seconds) == pytest.approx(summary["played_s"], abs=1.0)


def test_without_its_supervisor_the_music_goes_on_until_it_is_stopped(
    pulse: Pulse, start: Start, tmp_path: pathlib.Path
) -> None:
    instrument = start("--device", "pulse", "--latency-ms", f"{LATENCY_MS}", environment=pulse.environment)
    instrument.wait_for("playing drums")
    rig = Rig(pulse, instrument, tmp_path)
    state, children = instrument.memory.state, [instrument.child(name) for name in PROCESSES]

    def fault() -> Callable[[], bool]:
        instrument.process.kill()
        instrument.process.wait()
        position = int(state["position"][0])
        return lambda: bool(state["position"][0] > position + LOOP)

    try:
        require_unheard(rig, fault)
        rig.require_obedience()
        assert all(process_exists(child) for child in children)
        assert (
            rig.log().count("the supervisor is gone: the music goes on, but nothing that fails is started again") == 1
        )
    finally:
        subprocess.run([sys.executable, "-m", "performer.cli", "stop"], check=True, capture_output=True)
        instrument.process.communicate(timeout=30)  # ends when the last one that could write there has ended
    wait_until(lambda: not any(process_exists(child) for child in children), what="all are gone", patience_s=9)
    assert not [
        memory for _, memory in running_instruments() if memory.state["supervisor_pid"][0] == instrument.process.pid
    ]
