import pathlib
from collections.abc import Iterator

import pytest

from performer import audio_process
from performer.audio_process import open_output, open_until_there
from performer.desk.playback import Playback
from performer.errors import PerformerError
from performer.memory import Memory
from performer.output import sound_device
from performer.output.file_output import FileOutput
from performer.output.outputs import Output, PacedOutput
from performer.output.sound_device import NoDeviceError


@pytest.fixture
def playback(memory: Memory) -> Playback:
    return Playback(memory)


@pytest.fixture
def opened() -> Iterator[list[Output]]:
    """Outputs to close at the end."""
    outputs: list[Output] = []
    yield outputs
    for output in outputs:
        output.close()


def options(device: str | None) -> dict[str, object]:
    return {"device": device, "http_port": 0, "latency_ms": 20}


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
    memory: Memory, playback: Playback, opened: list[Output], tmp_path: pathlib.Path
) -> None:
    device = f"file:{tmp_path / 'set.wav'}"
    for again in (False, True, True):
        output = open_output(memory, playback, options(device), again=again)
        assert isinstance(output, FileOutput)
        opened.append(output)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set-2.wav", "set-3.wav", "set.wav"]


@pytest.mark.parametrize("device", ["file:", "file:set.mp3"])
def test_a_recording_needs_a_wav_name(memory: Memory, playback: Playback, device: str) -> None:
    with pytest.raises(PerformerError, match=rf"--device {device}: the name of a WAV file is needed"):
        open_output(memory, playback, options(device), again=False)


def test_the_browser_stands_in_for_a_missing_device_once_and_for_all(
    memory: Memory, playback: Playback, opened: list[Output], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(audio_process, "PortAudioOutput", NoSound(1))
    opened.append(open_output(memory, playback, options(None), again=False))
    assert "http://127.0.0.1" in opened[0].description
    assert capsys.readouterr().err == (
        "loopmorph: this machine has no sound device; the browser is the loudspeaker instead\n"
    )
    opened.append(open_output(memory, playback, options(None), again=True))  # a restarted audio process
    assert "http://127.0.0.1" in opened[1].description


def test_a_device_that_went_away_is_waited_for(
    memory: Memory, playback: Playback, opened: list[Output], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(audio_process, "PortAudioOutput", NoSound(3))
    monkeypatch.setattr(audio_process, "RETRY_S", 0.01)
    monkeypatch.setattr(audio_process, "restart_portaudio", lambda: None)
    memory.state["position_time_s"][0] = 1.0
    output = open_until_there(memory, playback, options(None))
    assert output is not None
    opened.append(output)
    assert capsys.readouterr().err.count("\n") == 1
    assert memory.state["browser"][0] == 0


def test_waiting_for_a_device_ends_when_the_instrument_stops(
    memory: Memory, playback: Playback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_process, "PortAudioOutput", NoSound(1000))
    monkeypatch.setattr(audio_process, "RETRY_S", 0.01)
    monkeypatch.setattr(audio_process, "restart_portaudio", memory.stop)
    memory.state["position_time_s"][0] = 1.0
    assert open_until_there(memory, playback, options("USB")) is None


def test_at_the_first_start_a_missing_named_device_is_an_error(memory: Memory, playback: Playback) -> None:
    def missing(name: str, **paced: object) -> Output:
        raise PerformerError(f"sound device {name!r} is not there")

    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(audio_process, "PortAudioOutput", missing)
        with pytest.raises(PerformerError, match="'USB' is not there"):
            open_until_there(memory, playback, options("USB"))


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
