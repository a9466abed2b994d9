import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner, Result
from safetensors.numpy import load_file, save_file

from melgan_vocoder.format import MelFormat
from performer.actions import ACTIONS
from performer.cli import main
from performer.controls import CONTROLS, SLOTS
from performer.errors import PerformerError
from stylegan_audio import SHIPPED_MODELS
from tests.performer.surfaces.osc.osc_stage import answering
from tests.performer.taught_model import PRESETS, REASON, teach_drums

DRUMS = SHIPPED_MODELS / "drums.safetensors"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def one_error_line(result: Result) -> str:
    assert result.exit_code == 1, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("loopmorph: ")
    return lines[0]


@pytest.mark.parametrize("command", ["render", "perform", "set", "stop", "controls", "devices", "device", "models"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"loopmorph {command}" in result.stdout  # the usage line says 'main' here: this is the example


def test_help_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys\nfrom performer.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print({'torch', 'numpy', 'rich', 'librosa'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", "a.wav", "--seed", "x"),
        ("render", "a.wav", "--seed", "-1"),
        ("render", "a.wav", "--density", "4"),
        ("render", "a.wav", "--density", "nan"),
        ("render", "a.wav", "--direction", "grit", "4"),
        ("render", "a.wav", "--log", __file__, "--direction", "grit", "1"),
        ("render", "a.wav", "--morph", "nan", "0"),
        ("perform", "--duration", "nan"),
        ("perform", "--session", "set.wav"),
        ("perform", "--record", "set.mp3"),
        ("perform", "--cue-device", "browser"),
        ("device",),
        ("device", "--cue", "browser"),
        ("render", "a.wav", "--stems"),
        ("render", "a.wav", "--log", __file__, "--seed", "3"),
        ("render", "a.mp3", "--log", __file__),
        ("render", "a.mp3"),
        ("render",),
        ("perform", "--seed", "x"),
        ("perform", "--osc-port", "65535"),
        ("bench", "latency", "--osc-port", "65535"),
        ("soak", "--osc-port", "65535"),
        (
            "perform",
            "--flute",
        ),
        ("dance",),
    ],
)
def test_wrong_usage_exits_with_2_and_names_what_is_wrong(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("loopmorph: ")
    assert result.stderr.endswith("--help'\n")
    assert result.stderr.count("\n") == 1


def broken_model(folder: pathlib.Path, kind: str) -> pathlib.Path:
    path = folder / "model.safetensors"
    if kind == "truncated":
        path.write_bytes(DRUMS.read_bytes()[:1_000_000])
    elif kind == "not safetensors":
        path.write_bytes(b"RIFF....WAVEfmt " * 100)
    elif kind == "another format":
        from safetensors import safe_open

        with safe_open(DRUMS, framework="np") as file:
            metadata = dict(file.metadata())
        metadata["mel_format"] = MelFormat(hop_length=300, n_frames=640).to_json()
        save_file(load_file(DRUMS), path, metadata=metadata)
    return path


@pytest.mark.parametrize("command", ["render", "perform"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "no such file"),
        ("truncated", "not a whole safetensors file"),
        ("not safetensors", "not a whole safetensors file"),
        ("another format", "hop_length 300 where 375 is needed"),
    ],
)
def test_a_bad_model_file_is_one_line(tmp_path: pathlib.Path, command: str, kind: str, words: str) -> None:
    model = str(broken_model(tmp_path, kind))
    target = [str(tmp_path / "a.wav")] if command == "render" else []
    option = "--model" if command == "render" else "--models"
    line = one_error_line(run(command, *target, option, model))
    assert "model.safetensors" in line
    assert words in line
    assert not (tmp_path / "a.wav").exists()


def test_models_are_listed_and_added(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path / "home"))
    entries = json.loads(run("models", "--json").stdout)
    assert [entry["name"] for entry in entries] == ["drums"]
    assert {direction["name"] for direction in entries[0]["directions"]} >= {"density", "bass"}
    assert "drums" in run("models").stdout
    assert run("models", "add", str(DRUMS)).exit_code == 0
    assert "already" in one_error_line(run("models", "add", str(DRUMS)))
    assert "no such file" in one_error_line(run("models", "add", str(tmp_path / "none.safetensors")))


def test_what_models_play_and_what_not_is_listed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    teach_drums(tmp_path / "models" / "drums.safetensors")
    (entry,) = json.loads(run("models", "--json").stdout)
    assert entry["played_by"]["own1"] == "grit"
    assert entry["not_played"] == {"kick": REASON}
    assert entry["presets"] == list(PRESETS)
    words = " ".join(run("models").stdout.split())
    assert f"drums kick {REASON}" in words
    assert "amen" in words
    target = str(tmp_path / "a.wav")
    line = one_error_line(run("render", target, "--direction", "kick", "1"))
    assert f"direction 'kick' cannot be played, {REASON}; one of density, bass" in line
    assert "preset flute is not in the deck's model" in one_error_line(run("render", target, "--preset", "flute"))


def test_render_plays_directions_presets_and_another_timbre(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "taught.safetensors"
    teach_drums(model)
    asked: dict[str, list[float]] = {}

    def play(header: object, values: np.ndarray, *, n_loops: int) -> np.ndarray:
        asked.update({path: values[slots].tolist() for path, slots in SLOTS.items() if path.startswith("/deck/1/")})
        return np.zeros((480, 2), np.float32)

    header = type("Play", (), {"play_offline": staticmethod(play)})
    monkeypatch.setitem(sys.modules, "performer.generation.offline", header)  # type: ignore[arg-type]
    words = "--hats 2 --direction grit 1.5 --direction pc2 -1 --hold --split 0.5 --timbre 1 0.25 --preset stomp"
    result = run("render", str(tmp_path / "a.wav"), "--model", str(model), *words.split())
    assert result.exit_code == 0, result.output
    expected = {"hats": [2], "own1": [1.5], "pc2": [-1], "hold": [1], "split": [0.5], "timbre": [1, 0.25]}
    assert {name: asked[f"/deck/1/{name}"] for name in expected} == expected
    assert asked["/deck/1/corners"] == [-3, -1, -1, -1]


def test_controls_and_actions_are_listed() -> None:
    for path in ("/deck/4/level", "/deck/4/undo", "/scene/morph"):
        assert path in run("controls").stdout
    entries = json.loads(run("controls", "--json").stdout)
    paths = {kind: [entry["path"] for entry in entries if entry["kind"] == kind] for kind in ("control", "action")}
    assert paths == {
        "control": [control.path for control in CONTROLS],
        "action": [action.path for action in ACTIONS],
    }


def test_set_refuses_what_the_control_cannot_take_and_says_when_nobody_listens() -> None:
    assert "a number (-3 to 3 sigma) needed" in one_error_line(run("set", "/deck/1/density", "much"))
    assert "is not a control" in one_error_line(run("set", "/deck/1/reverb", "1"))
    with answering() as (port, heard):
        assert run("set", "/deck/1/density", "-2", "--osc-port", str(port)).exit_code == 0
    assert heard[0] == ("/deck/1/density", [-2.0])
    assert "nothing listens" in one_error_line(run("set", "/deck/1/density", "-2", "--osc-port", str(port)))


def test_set_presses_buttons_and_refuses_what_an_action_cannot_take() -> None:
    assert "scene 1 to 64, then 0 to 1 needed" in one_error_line(run("set", "/scene/morph", "3"))
    assert "got 65.0; scene 1 to 64 needed" in one_error_line(run("set", "/scene/recall", "65"))
    assert "got 0 values, 1 (-3 to 3 sigma) needed" in one_error_line(run("set", "/deck/1/density"))
    with answering() as (port, heard):
        assert run("set", "/deck/1/undo", "--osc-port", str(port)).exit_code == 0
        assert run("set", "/scene/morph", "3", "0.5", "--osc-port", str(port)).exit_code == 0
        result = run("set", "/deck/1/preset", "amen", "--osc-port", str(port))
    assert result.stderr == "loopmorph: /deck/1/preset amen\n"
    pressed = [message for message in heard if message[0] != "/ping"]
    assert pressed == [("/deck/1/undo", [1]), ("/scene/morph", [3, 0.5]), ("/deck/1/preset", ["amen"])]


def test_set_tells_what_the_instrument_cannot_do() -> None:
    with answering(refusal="scene 7 is empty") as (port, _):
        assert "scene 7 is empty" in one_error_line(run("set", "/scene/recall", "7", "--osc-port", str(port)))


def test_render_writes_the_same_file_twice(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    for path in (first, second):
        result = run("render", str(path), "--seed", "3", "--density", "1", "--morph", "0.5", "0.5")
        assert result.exit_code == 0, result.output
        assert f"{path}: 4.000 s, drums, 120 BPM" in result.stderr
    assert first.read_bytes() == second.read_bytes()
    plain = tmp_path / "c.wav"
    assert run("render", str(plain), "--seed", "3").exit_code == 0
    assert plain.read_bytes() != first.read_bytes()


def test_devices_answers_on_any_machine() -> None:
    answer = json.loads(run("devices", "--json").stdout)
    assert set(answer) == {"sound", "midi"}
    assert run("devices").exit_code == 0


def test_the_entry_point_is_installed() -> None:
    program = shutil.which("loopmorph", path=str(pathlib.Path(sys.executable).parent))
    assert program is not None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "loopmorph, version 0.1.0"


@pytest.mark.parametrize("there", ["set.flac", "set.jsonl"])
def test_a_recording_never_overwrites(tmp_path: pathlib.Path, there: str) -> None:
    (tmp_path / there).write_text("a set of last year")
    line = one_error_line(run("perform", "--record", str(tmp_path / "set.flac")))
    assert "a file of that name exists, a new one is needed" in line
    assert "there is no folder" in one_error_line(run("perform", "--record", str(tmp_path / "none" / "set.flac")))
    assert (tmp_path / there).read_text() == "a set of last year"


def test_what_is_no_log_is_not_rendered(tmp_path: pathlib.Path) -> None:
    line = one_error_line(run("render", str(tmp_path / "a.wav"), "--log", __file__))
    assert "test_cli.py: not a control log" in line
    assert list(tmp_path.iterdir()) == []


def test_models_that_cannot_be_read_are_named_at_the_start(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path))
    monkeypatch.setattr("performer.memory.running_instruments", list)

    def begin(options: dict[str, list[str]]) -> None:
        raise PerformerError(f"begun with {options['models']}")

    monkeypatch.setattr("performer.supervisor.Supervisor", begin)
    (tmp_path / "models").mkdir()
    broken_model(tmp_path / "models", "not safetensors")
    told, end = run("perform").stderr.splitlines()
    assert told.startswith(f"loopmorph: {tmp_path / 'models' / 'model.safetensors'}: ")
    assert end == f"loopmorph: begun with ['{DRUMS}']"


def test_an_empty_list_of_models_is_refused() -> None:
    assert "model '' is not in the crate" in one_error_line(run("perform", "--models", ""))
