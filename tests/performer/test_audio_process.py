import json
import pathlib
import types
from collections.abc import Iterator

import numpy as np
import pytest

from performer import audio_process, headphones_process
from performer.audio_process import open_output
from performer.console import TOLD
from performer.errors import PerformerError
from performer.memory import Memory
from performer.output import opening, sound_device
from performer.output.changeover import REFUSAL
from performer.output.file_output import FileOutput
from performer.output.opening import enter, open_until_there
from performer.output.outputs import Output, PacedOutput
from performer.output.sound_device import NoDeviceError


@pytest.fixture
def opened() -> Iterator[list[Output]]:
    """Outputs to close at the end."""
    outputs: list[Output] = []
    yield outputs
    for output in outputs:
        output.close()


def open_once(memory: Memory, device: str | None, *, again: bool = False) -> Output:
    options = {"device": device, "outputs": "master", "http_port": 0, "latency_ms": 20}
    return open_output(memory, opening.Entrance(), options, sample_rate=48_000, again=again)


class NoSound:
    """A PortAudio that finds nothing, `missing` times."""

    def __init__(self, missing: int) -> None:
        self.missing = missing

    def __call__(self, name: str | None, **paced: object) -> Output:
        self.missing -= 1
        if self.missing >= 0:
            raise NoDeviceError("this machine has no sound device")
        paced.pop("latency_ms")
        return PacedOutput(**paced).start()  # type: ignore[arg-type]


def test_a_restarted_recording_goes_on_in_a_new_file(
    memory: Memory, opened: list[Output], tmp_path: pathlib.Path
) -> None:
    device = f"file:{tmp_path / 'set.wav'}"
    for again in (False, True, True):
        output = open_once(memory, device, again=again)
        assert isinstance(output, FileOutput)
        opened.append(output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set-2.wav", "set-3.wav", "set.wav"]


@pytest.mark.parametrize("process", [audio_process, headphones_process])
def test_a_newcomer_refuses_a_file_that_exists(
    process: types.ModuleType, memory: Memory, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "set.wav"
    path.write_bytes(b"a set of last year")
    memory.state["position_time_s"][0] = 1.0
    memory.beat("headphones")
    options = {"device": None, "cue_device": None, "outputs": "master", "http_port": 0, "latency_ms": 20}
    monkeypatch.setattr(Memory, "join", lambda folder: memory)
    monkeypatch.setattr(process, "read_options", lambda folder: options)
    monkeypatch.setattr(process, "keep_calm", lambda priority: "")
    monkeypatch.setattr(process, "enter", lambda name, open_once, **how: open_once().close())
    with pytest.raises(PerformerError, match=r"set.wav: the file exists, a new one is needed"):
        process.main(tmp_path, f"file:{path}")
    assert [file.name for file in tmp_path.iterdir()] == ["set.wav"]


@pytest.mark.parametrize("device", ["file:", "file:set.mp3"])
def test_a_recording_needs_a_wav_name(memory: Memory, device: str) -> None:
    with pytest.raises(PerformerError, match=rf"--device {device}: the name of a WAV file is needed"):
        open_once(memory, device, again=False)


def test_the_browser_stands_in_for_a_missing_device_once_and_for_all(
    memory: Memory, opened: list[Output], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(opening, "PortAudioOutput", NoSound(1))
    opened.append(open_once(memory, None, again=False))
    assert "http://" in opened[0].description
    assert capsys.readouterr().err == (
        "loopmorph: this machine has no sound device; the browser is the loudspeaker instead\n"
    )
    opened.append(open_once(memory, None, again=True))  # a restarted audio process
    assert "http://" in opened[1].description


def test_a_device_that_went_away_is_waited_for(
    memory: Memory, opened: list[Output], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(opening, "PortAudioOutput", NoSound(3))
    monkeypatch.setattr(opening, "RETRY_S", 0.01)
    monkeypatch.setattr(opening, "restart_portaudio", lambda: None)
    memory.state["position_time_s"][0] = 1.0
    output = open_until_there("audio", lambda: open_once(memory, None, again=True), memory=memory)
    assert output is not None
    opened.append(output)
    assert capsys.readouterr().err.count("\n") == 1
    assert memory.state["browser"][0] == 0


def test_waiting_for_a_device_ends_when_the_instrument_stops(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PortAudioOutput", NoSound(1000))
    monkeypatch.setattr(opening, "RETRY_S", 0.01)
    monkeypatch.setattr(opening, "restart_portaudio", memory.stop)
    memory.state["position_time_s"][0] = 1.0
    assert open_until_there("audio", lambda: open_once(memory, "USB", again=True), memory=memory) is None


def test_a_named_device_is_not_replaced_by_the_browser(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PortAudioOutput", NoSound(1))
    with pytest.raises(NoDeviceError):
        open_once(memory, "USB")
    memory.state["browser"][0] = 1
    output = open_once(memory, "null")
    assert output.description == "null, in real time"
    output.close()


class LeftError(Exception):
    pass


@pytest.mark.parametrize("newcomer", [False, True])
def test_what_is_not_there_at_the_start_ends_the_process_with_one_line(
    memory: Memory, newcomer: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def missing() -> Output:
        raise PerformerError("sound device 'USB' is not there")

    def leave(code: int) -> None:
        raise LeftError(code)

    monkeypatch.setattr(opening.os, "_exit", leave)
    with pytest.raises(LeftError, match=str(TOLD)):
        enter("headphones", missing, folder=tmp_path, memory=memory, waits=newcomer, newcomer=newcomer)
    if newcomer:  # whoever asked for it is told, not the terminal of the instrument
        assert json.loads((tmp_path / REFUSAL).read_text()) == "sound device 'USB' is not there"
        assert capsys.readouterr().err == ""
    else:
        assert capsys.readouterr().err == "loopmorph: headphones: sound device 'USB' is not there\n"


def test_the_entrance_is_silent_until_the_sound_comes_on() -> None:
    entrance, block = opening.Entrance(), np.full((4, 2), 9, np.float32)
    entrance(block, 0.5)
    assert not block.any()
    heard_in: list[float] = []
    entrance.sound = lambda _, latency_s: heard_in.append(latency_s)
    entrance(block, 0.5)
    assert heard_in == [0.5]


def test_without_the_portaudio_library_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def no_portaudio(name: str, *rest: object, **more: object) -> object:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", no_portaudio)
    with pytest.raises(NoDeviceError, match=r"PortAudio library not found.*sudo apt install libportaudio2"):
        sound_device.import_sounddevice()


def test_underruns_count_only_once_the_sound_is_on() -> None:
    entrance, counted = opening.Entrance(), []
    underrun = entrance.guard(lambda: counted.append(1))
    underrun()
    assert not counted
    entrance.sound = lambda *_: None
    underrun()
    assert counted == [1]
