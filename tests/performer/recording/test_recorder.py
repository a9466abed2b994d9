"""The recorder, fed with a tape and a journal that a playback writes."""

import itertools
import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from performer.controls import SLOTS
from performer.desk.playback import Playback
from performer.memory import TAPE_SAMPLES, Memory
from performer.output import wav_file
from performer.readouts import recorded_s
from performer.recording.control_log import read_header, survey
from performer.recording.ledger import Ledger
from performer.recording.recorder import Recorder
from tests.performer.conftest import HandOver, tone

HEADER = {"kind": "loopmorph control log", "version": 1, "loopmorph": "0.1.0"}


SILENT = 73
"""Samples before the first sound: the limiter's delay, and a sine's zero."""


def fail(*_: object) -> None:
    """Write as to a full disk."""
    raise OSError(28, "No space left on device")


class Studio:
    """A playback and its recorder."""

    def __init__(self, folder: pathlib.Path, memory: Memory, hand_over: HandOver) -> None:
        self.folder, self.memory = folder, memory
        self.path = folder / "set.wav"
        self.playback = Playback(memory)
        self.playback.position = 0
        self.heard = np.zeros((0, 2), np.float32)
        self.blocks = 0
        self.recorder = Recorder(
            memory, ledger=Ledger(folder), make_header=lambda: HEADER, choose_path=lambda: self.path
        )
        hand_over(tone(440, level=0.1))

    def play(self, n_samples: int) -> None:
        """Play on; the recorder looks now and then, as it likes."""
        for start in range(0, n_samples, 4800):
            block = np.zeros((min(4800, n_samples - start), 2), np.float32)
            self.playback.render(block)
            self.heard = np.concatenate([self.heard, block])
            self.blocks += 1
            if self.blocks % 3 == 0:
                self.recorder.step()

    def change_device(self, sample_rate: int) -> None:
        """Let another device of another rate play its first block, of which the tape is not yet told."""
        state = self.memory.state
        taped = int(state["taped"][0])
        self.playback = Playback(self.memory, sample_rate=sample_rate)
        self.playback.position = round(taped * sample_rate / 48_000) + 4800
        self.play(4800)
        told, state["taped"][0] = int(state["taped"][0]), taped
        self.recorder.step()
        state["taped"][0] = told

    def record(self, on: bool) -> None:
        self.memory.state["controls"][0, SLOTS["/record"]] = on

    def read(self, name: str = "set.wav") -> tuple[int, np.ndarray]:
        """Read a file and where it begins."""
        self.recorder.step()
        audio, _ = soundfile.read(self.folder / name, dtype="float32")
        return read_header((self.folder / name).with_suffix(".jsonl"))["start"], audio


@pytest.fixture
def studio(tmp_path: pathlib.Path, memory: Memory, hand_over: HandOver) -> Iterator[Studio]:
    studio = Studio(tmp_path, memory, hand_over)
    yield studio
    studio.recorder.close()


def test_from_switch_to_switch_each_sample_is_in_the_file(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    studio.play(10_000)
    assert sorted(path.name for path in studio.folder.iterdir()) == ["ledger.jsonl"]
    studio.record(True)
    studio.play(20_000)
    studio.record(False)
    studio.play(5000)
    start, audio = studio.read()
    assert (start, len(audio), survey(studio.path.with_suffix(".jsonl")).end) == (10_000, 20_000, 30_000)
    np.testing.assert_allclose(audio, studio.heard[10_000:30_000], atol=2**-22)
    told = capsys.readouterr().err
    assert told == f"loopmorph: recording into {studio.path}\nloopmorph: recorded: {studio.path}\n"
    assert (studio.memory.state["recording"][0], studio.memory.state["recorded"][0]) == (0, 0)


def test_each_recording_is_a_new_file(studio: Studio) -> None:
    for on in (True, False, True, False):
        studio.record(on)
        studio.play(5000)
    assert [studio.read(name)[0] for name in ("set.wav", "set-2.wav")] == [SILENT, 10_000]


def test_a_recording_begins_with_the_first_sound(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    studio.memory.state["controls"][0, SLOTS["/panic"]] = 1
    studio.record(True)
    studio.play(60_000)
    assert not studio.path.exists()
    studio.memory.state["controls"][0, SLOTS["/panic"]] = 0
    studio.play(10_000)
    start, audio = studio.read()
    assert 60_000 <= start < 60_200
    assert audio[:200].any()
    studio.record(False)
    studio.memory.state["controls"][0, SLOTS["/master/level"]] = 0
    studio.play(60_000)
    studio.record(True)
    studio.play(5000)
    studio.record(False)
    studio.play(5000)
    assert "nothing was recorded: there was no sound" in capsys.readouterr().err


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_a_device_of_another_rate_is_recorded_from_its_first_sample(studio: Studio, sample_rate: int) -> None:
    studio.record(True)
    studio.play(48_000)
    studio.recorder.step()
    assert recorded_s(studio.memory) == 1.0
    studio.blocks = 0  # the recorder looks when the test says so
    studio.change_device(sample_rate)
    assert recorded_s(studio.memory) == 1.0
    studio.play(sample_rate - 4800)
    studio.recorder.step()
    assert recorded_s(studio.memory) == 2.0
    start, audio = studio.read("set-2.wav")
    assert (start, len(audio)) == (sample_rate + 4800, sample_rate)
    np.testing.assert_allclose(audio, studio.heard[48_000:], atol=2**-22)
    assert studio.memory.counters()["unrecorded_samples"] == 0


def test_what_finds_no_room_does_not_count_as_recorded(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.record(True)
    studio.play(24_000)
    studio.recorder.step()
    with monkeypatch.context() as full:
        full.setattr(wav_file.WavFile, "write", fail)
        studio.play(48_000)
        studio.recorder.step()
    assert recorded_s(studio.memory) == 0.5
    assert studio.recorder.recording is not None
    studio.recorder.recording.retry_s = 0.0
    studio.play(24_000)
    studio.recorder.step()
    assert recorded_s(studio.memory) == 1.0
    assert studio.memory.counters()["unrecorded_samples"] == 48_000
    monkeypatch.setattr(wav_file.WavFile, "write", fail)
    studio.play(4800)
    studio.record(False)
    studio.play(100)
    studio.recorder.step()
    assert capsys.readouterr().err.endswith(f"loopmorph: recorded: {studio.folder / 'set-2.wav'}\n")


def test_a_recording_that_never_found_room_says_that_there_is_none(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.path = studio.folder / "sets" / "set.flac"
    studio.path.parent.write_text("in the way")
    studio.record(True)
    studio.play(48_000)
    assert recorded_s(studio.memory) == 0
    studio.record(False)
    studio.play(100)
    studio.recorder.step()
    assert capsys.readouterr().err.endswith(f"nothing was recorded: {studio.path} could not be written\n")


def test_a_full_wav_file_is_followed_by_the_next_without_a_gap(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_file, "MAX_BYTES", 12_000 * 6)
    studio.record(True)
    studio.play(48_000)
    studio.record(False)
    studio.play(100)
    parts = [studio.read(name) for name in ("set.wav", "set-2.wav", "set-3.wav", "set-4.wav")]
    for (start, audio), (following, _) in itertools.pairwise(parts):
        assert start + len(audio) == following
    start = parts[0][0]
    whole = np.concatenate([audio for _, audio in parts])
    np.testing.assert_allclose(whole, studio.heard[start:48_000], atol=2**-22)


def test_a_recorder_that_was_held_up_for_too_long_lacks_what_the_tape_lost(studio: Studio) -> None:
    studio.record(True)
    studio.play(10_000)
    studio.memory.state["taped"][0] += TAPE_SAMPLES  # played meanwhile
    studio.recorder.step()
    studio.record(False)
    _, audio = studio.read()
    assert studio.memory.counters()["unrecorded_samples"] > 10_000
    assert len(audio) >= TAPE_SAMPLES
    assert not audio[12_000:20_000].any()


def test_a_folder_that_cannot_be_written_to_is_one_line_and_the_recording_begins_once_it_can(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = studio.folder / "sets"
    folder.write_text("in the way")
    studio.path = folder / "set.flac"
    studio.record(True)
    studio.play(20_000)
    studio.recorder.step()
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"{studio.path}: " in told
    assert "the recording waits, a writable folder with room is needed" in told
    assert studio.memory.counters()["unrecorded_samples"] > 15_000
    assert studio.memory.state["recorded"][0] == 20_000  # a successor need not look for what is lost
    folder.unlink()
    assert studio.recorder.recording is not None
    studio.recorder.recording.retry_s = 0.0
    studio.play(10_000)
    studio.record(False)
    studio.play(100)
    studio.recorder.step()
    assert capsys.readouterr().err.splitlines()[0] == f"loopmorph: recording into {studio.path}"
    start, audio = studio.read("sets/set.flac")
    assert (start, len(audio)) == (20_000, 10_000)
