"""Files of a recording: whole at every moment, also where the disk is full."""

import contextlib
import functools
import pathlib
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile

from performer.output.flac_file import FlacFile
from performer.output.wav_file import WavFile
from performer.recording import recording as recording_module
from performer.recording.recording import Recording, SoundFile, unused_path
from performer.recording.take import FORMATS

RATE = 48_000
Begin = Callable[[pathlib.Path], SoundFile]


@pytest.fixture(params=[".flac", ".wav"])
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begin(suffix: str) -> Begin:
    return functools.partial(FORMATS[suffix], sample_rate=RATE)


@contextlib.contextmanager
def full_disk(n_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def noise(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(-0.5, 0.5, (n, 2)).astype(np.float32)


def test_what_is_written_is_read_to_the_bit_and_alike_in_both_formats(
    tmp_path: pathlib.Path, rng: np.random.Generator
) -> None:
    audio = noise(rng, 10_001)
    audio[:2] = [[1.0, -1.0], [2.0, -2.0]]
    read = []
    for kind, name in ((FlacFile, "a.flac"), (WavFile, "a.wav")):
        file = kind(tmp_path / name, sample_rate=44_100)
        for block in np.array_split(audio, 7):
            file.write(block)
        file.close()
        samples, rate = soundfile.read(tmp_path / name, dtype="int32")
        assert (rate, soundfile.info(tmp_path / name).subtype) == (44_100, "PCM_24")
        read.append(samples >> 8)
    np.testing.assert_array_equal(*read)
    np.testing.assert_array_equal(read[0], np.round(np.clip(audio, -1, 1).astype(float) * (2**23 - 1)))


def test_a_file_holds_what_it_says_before_it_is_closed(
    tmp_path: pathlib.Path, begin: Begin, suffix: str, rng: np.random.Generator
) -> None:
    path, audio = tmp_path / f"set{suffix}", noise(rng, 96_000)
    file = begin(path)
    for block in np.array_split(audio, 40):
        file.write(block)
        if file.n_samples:
            held, _ = soundfile.read(path, dtype="float32")  # as after kill -9
            assert len(held) == file.n_samples
    np.testing.assert_allclose(held, audio[: len(held)], atol=2**-22)
    assert len(audio) - len(held) <= 2 * 4096
    file.close()
    assert len(soundfile.read(path)[0]) == len(audio)


def test_no_file_is_overwritten(tmp_path: pathlib.Path, begin: Begin, suffix: str) -> None:
    path = tmp_path / f"set{suffix}"
    path.write_bytes(b"a set of last year")
    with pytest.raises(FileExistsError):
        begin(path)
    assert path.read_bytes() == b"a set of last year"
    assert unused_path(path) == tmp_path / f"set-2{suffix}"
    (tmp_path / "set-2.jsonl").touch()
    assert unused_path(path, beside=(".jsonl",)) == tmp_path / f"set-3{suffix}"
    assert unused_path(tmp_path / f"new{suffix}") == tmp_path / f"new{suffix}"


def test_a_full_disk_is_told_and_counted_and_the_recording_goes_on_in_the_next_file(
    tmp_path: pathlib.Path, begin: Begin, suffix: str, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    lost: list[int] = []
    recording = Recording(tmp_path / f"set{suffix}", begin=begin, lost=lost.append)
    blocks = np.array_split(noise(rng, 96_000), 20)
    with full_disk(200_000):
        for block in blocks:
            recording.write(block)
    told = capsys.readouterr().err
    assert told.count("\n") == 2
    assert f"recording into {tmp_path / 'set'}" in told
    assert f"set{suffix}: File too large; the recording waits, a writable folder with room is needed" in told
    assert 0 < sum(lost) < 96_000
    if suffix == ".flac":
        assert (tmp_path / "set.flac").stat().st_size < 200_000  # it ends with a whole frame
    recording.retry_s = 0.0
    recording.write(blocks[0])
    recording.close()
    assert f"the recording goes on in {tmp_path / 'set-2'}{suffix}" in capsys.readouterr().err
    first, _ = soundfile.read(tmp_path / f"set{suffix}", dtype="float32")
    assert 96_000 - sum(lost) - 2 * 4096 <= len(first) <= 96_000 - sum(lost) + 4800
    np.testing.assert_allclose(first, np.concatenate(blocks)[: len(first)], atol=2**-22)
    assert len(soundfile.read(tmp_path / f"set-2{suffix}")[0]) == 4800


def test_a_disk_that_is_full_from_the_start_leaves_nothing_behind(
    tmp_path: pathlib.Path, begin: Begin, suffix: str, rng: np.random.Generator
) -> None:
    lost: list[int] = []
    recording = Recording(tmp_path / f"set{suffix}", begin=begin, lost=lost.append)
    with full_disk(20):
        recording.write(noise(rng, 9000))
    assert lost == [9000]
    assert list(tmp_path.iterdir()) == []


def test_attempts_are_spaced_out_and_told_once(
    tmp_path: pathlib.Path,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tried: list[pathlib.Path] = []
    now_s = 100.0

    def fail(path: pathlib.Path) -> SoundFile:
        tried.append(path)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(recording_module.time, "monotonic", lambda: now_s)
    recording = Recording(tmp_path / "set.wav", begin=fail, lost=lambda _: None)
    for _ in range(120):
        recording.write(noise(rng, 10))
        now_s += 0.1
    assert len(tried) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_a_flac_file_that_is_killed_with_its_writer_decodes_up_to_the_last_frames(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "set.flac"
    code = f"""
import os, pathlib, signal, numpy as np
from performer.output.flac_file import FlacFile
file = FlacFile(pathlib.Path({str(path)!r}), sample_rate=48_000)
ramp = np.repeat(np.arange(240_000)[:, None] % 1000 / 1000, 2, axis=1).astype(np.float32)
for start in range(0, 240_000, 2400):
    file.write(ramp[start : start + 2400])
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    audio, rate = soundfile.read(path)
    assert rate == RATE
    assert 240_000 - 2 * 4096 < len(audio) < 240_000
    np.testing.assert_allclose(audio[:, 0], np.arange(len(audio)) % 1000 / 1000, atol=1e-6)
