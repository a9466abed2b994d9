import json
import pathlib
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from performer.actions import TARGETS
from performer.cli import main
from performer.errors import PerformerError
from performer.memory import Memory, make_folder, replace_text
from performer.surfaces.midi import command as midi_command
from performer.surfaces.midi.command import wait_for_knob
from performer.surfaces.midi.surface import STATUS
from tests.performer.surfaces.osc.osc_stage import answering

PORT = {"port": "Knobs 20:0", "mapping": "the table of controls", "learned": 2, "shows": True}
IDLE = {"ports": [PORT], "learning": False, "learned": {"count": 0}, "clock": {}}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


class Stand:
    """The folder and the OSC port of an instrument that plays nothing."""

    def __init__(self, port: int, heard: list[tuple[str, list[object]]]) -> None:
        self.port = str(port)
        self.heard = heard
        self.folder = make_folder({"osc_port": port})
        self.memory = Memory.create(self.folder)
        self.memory.beat("control")
        self.tell(**IDLE)

    def tell(self, **status: object) -> None:
        replace_text(self.folder / STATUS, json.dumps({**IDLE, **status}))

    @property
    def asked(self) -> list[tuple[str, list[object]]]:
        return [message for message in self.heard if message[0] != "/ping"]


@pytest.fixture
def stand(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr("performer.memory.memory_root", lambda: tmp_path)  # of no other instrument
    with answering() as (port, heard):
        yield Stand(port, heard)


@pytest.mark.parametrize("command", ["midi", "learn"])
def test_help_has_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"loopmorph {command}" in result.stdout


def test_ports_of_a_running_instrument_are_listed(stand: Stand) -> None:
    stand.tell(clock={"pulses": 48, "late_ms_p95": 0.3, "late_ms_most": 2.5})
    result = run("midi", "--osc-port", stand.port)
    assert "Knobs 20:0" in result.stdout
    assert "the table of controls" in result.stdout
    assert "clock out: of 48 pulses 95 % were less than 0.3 ms late, the latest 2.5 ms" in result.stdout
    stand.tell(clock={"follows": None, "tempo_bpm": 0.0, "error_ms": None})
    assert "clock in: no port sends one now" in run("midi", "--osc-port", stand.port).stdout
    stand.tell(clock={"follows": "drums", "tempo_bpm": 124.5, "error_ms": -0.3})
    told = run("midi", "--osc-port", stand.port).stdout
    assert "clock in: follows drums, 124.5 BPM, -0.3 ms off its beat" in told
    assert json.loads(run("midi", "--json", "--osc-port", stand.port).stdout)["ports"] == [PORT]
    (stand.folder / STATUS).unlink()  # it has only just started
    assert "no MIDI port" in run("midi", "--osc-port", stand.port).stderr


def test_ports_that_an_instrument_would_find_are_listed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from performer.surfaces.midi import driver as midi_driver

    monkeypatch.setattr("performer.memory.memory_root", lambda: tmp_path)
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path))
    (tmp_path / "midi").mkdir()
    broken = tmp_path / "midi" / "x.toml"
    broken.write_text("name = ")
    monkeypatch.setattr(midi_driver, "list_ports", lambda: ["nanoKONTROL2 20:0"])
    result = run("midi", "--osc-port", "1")
    assert "Korg nanoKONTROL2" in result.stdout
    assert "it is left as it is" in result.stdout
    assert broken.exists()


def test_learning_tells_what_was_learned(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "channel 1 controller 7, a knob, is for /deck/1/density (Knobs)"

    def wait(folder: pathlib.Path, count: int) -> str:
        stand.tell(learning=True)
        knob = threading.Timer(0.2, lambda: stand.tell(learned={"count": 1, "text": text}))
        knob.start()
        try:
            return wait_for_knob(folder, count)
        finally:
            knob.join()

    monkeypatch.setattr(midi_command, "wait_for_knob", wait)
    result = run("learn", "/deck/1/density", "--osc-port", stand.port)
    assert result.exit_code == 0, result.output
    assert stand.asked == [("/midi/learn", [TARGETS.index(("/deck/1/density", 0)) + 1])]
    assert "move a knob for /deck/1/density" in result.stderr
    assert text in result.stderr


def test_learning_is_given_up_where_midi_was_started_again_meanwhile(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(midi_command, "ASKED_S", 0.05)
    with pytest.raises(PerformerError, match="nothing was learned"):
        wait_for_knob(stand.folder, 4)


def test_learning_is_given_up_when_the_instrument_does(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_command, "ASKED_S", 0.05)
    result = run("learn", "--osc-port", stand.port)
    assert result.exit_code == 1
    assert "touch a control, and move a knob for it" in result.stderr
    assert "nothing was learned: no knob or button was moved" in result.stderr


def test_ctrl_c_gives_up(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_folder: pathlib.Path, _count: int) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(midi_command, "wait_for_knob", interrupted)
    assert run("learn", "/tempo", "--osc-port", stand.port).exit_code != 0
    assert stand.asked[-1] == ("/midi/learn", [0])


def test_what_was_learned_is_forgotten(stand: Stand) -> None:
    assert run("learn", "--forget", "/deck/1/morph", "1", "--osc-port", stand.port).exit_code == 0
    assert stand.asked[-1][0] == "/midi/unlearn"
    assert run("learn", "--forget", "--osc-port", stand.port).exit_code == 2


def test_what_cannot_be_learned_is_one_line(stand: Stand) -> None:
    assert "/deck/9/low is not a control" in run("learn", "/deck/9/low", "--osc-port", stand.port).stderr
    for words, reason in (
        (("/deck/1/low", "1"), "/deck/1/low 1; nothing is needed behind the address"),
        (("/deck/1/morph", "2"), "which of its 2 values, counted from 0, is needed behind the address; name that"),
        (("/scene/recall",), "/midi/learn got /scene/recall; scene 1 to 64 is needed behind the address; add it"),
    ):
        assert reason in run("learn", *words, "--osc-port", stand.port).stderr
    stand.tell(ports=[])
    assert "no MIDI port is open" in run("learn", "/tempo", "--osc-port", stand.port).stderr
    assert "no instrument of yours listens" in run("learn", "/tempo", "--osc-port", "1").stderr
