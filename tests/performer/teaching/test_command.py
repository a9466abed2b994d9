"""`loopmorph invert` and `loopmorph directions from-audio`, with a model of hardly any channels."""

import json
import pathlib

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from directions.table import read_directions
from performer.cli import main
from stylegan_audio.model_file import read_model_header


@pytest.fixture(autouse=True)
def little_work(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPMORPH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("directions.random_loops.N_DRAWN", 5)
    monkeypatch.setattr("directions.projection.N_STEPS", 3)
    monkeypatch.setattr("directions.examples.N_STEPS", 2)


@pytest.fixture
def loops(tmp_path: pathlib.Path, rng: np.random.Generator) -> pathlib.Path:
    """Folders of three loops each, bright and dull."""
    for kind, slope in (("bright", 1), ("dull", -1)):
        (tmp_path / kind).mkdir()
        for index in range(3):
            noise = np.fft.rfft(rng.standard_normal(96_000))
            noise *= (1 + np.arange(len(noise))) ** (slope / 2)
            audio = np.fft.irfft(noise)
            soundfile.write(tmp_path / kind / f"{index}.wav", 0.2 * audio / np.abs(audio).max(), 48_000)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_found_place_is_kept_as_a_preset_named_after_the_file(loops: pathlib.Path, model_path: pathlib.Path) -> None:
    result = run("invert", loops / "bright" / "0.wav", "--model", model_path)
    assert result.exit_code == 0, result.output
    first, second, third = result.stdout.splitlines()
    assert first == "0.wav: taken as 1 bar at 120 BPM"
    assert "the nearest random one is " in second
    assert third == f"preset 0 added: {model_path}"
    header = read_model_header(model_path)
    assert header.presets == ("0",)
    assert header.preset_entries[0]["source"] == "0.wav"
    assert header.preset_entries[0]["fidelity"]["spread_db"] > 0
    assert run("invert", loops / "dull" / "0.wav", "--model", model_path).stdout.count("preset 0 replaced") == 1


def test_invert_tells_programs_and_writes_what_is_drawn_at_the_files_tempo(
    loops: pathlib.Path, model_path: pathlib.Path
) -> None:
    out = loops / "found.wav"
    result = run(
        "invert", loops / "dull" / "1.wav", "--model", model_path, "--name", "hum", "--bpm", 150, "--out", out, "--json"
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["name"], told["model"], told["path"]) == ("hum", "toy", str(model_path))
    assert told["tempo_bpm"] == 150
    assert set(told["fidelity"]) == {"distance_db", "nearest_db", "spread_db"}
    audio, rate = soundfile.read(out)
    assert rate == 48_000
    assert audio.shape == (410 * 375, 2)
    assert np.abs(audio).max() > 0


def test_direction_is_learned_from_two_folders_and_written(loops: pathlib.Path, model_path: pathlib.Path) -> None:
    arguments = ("directions", "from-audio", loops / "bright", loops / "dull", "--name", "grit", "--model", model_path)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "of 6 loops told apart by the others" in result.stdout
    assert result.stdout.splitlines()[-1] == f"direction grit written: {model_path}"
    table = read_directions(read_model_header(model_path))
    assert list(table) == ["density", "bass", "grit"]
    report = json.loads(run(*arguments, "--json").stdout)
    assert report["examples"] == [3, 3]
    assert isinstance(report["offered"], bool)
    assert ("not offered: " in result.stdout) != report["offered"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("invert", "bright/gone.wav", "--name", "A B"), "preset name 'A B', 1 to 32 lower-case letters"),
        (("invert", "bright/gone.wav"), "gone.wav: cannot be read"),
        (("invert", "bright/0.wav", "--bpm", "100"), "at least a bar of 2.4 s is needed at 100 BPM"),
        (("directions", "from-audio", "bright", "dull", "--name", "bass"), "'bass' is a control already"),
        (("directions", "from-audio", "bright", "gone", "--name", "grit"), "gone: no such folder"),
        (("directions", "from-audio", "bright", ".", "--name", "grit"), "examples: 3 and 0 loops, 3 of each kind"),
    ],
    ids=lambda part: part if isinstance(part, str) else part[0],
)
def test_what_cannot_be_done_is_one_line_and_the_model_stays(
    loops: pathlib.Path,
    model_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(loops)
    before = model_path.read_bytes()
    result = run(*arguments, "--model", model_path)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert message in line
    assert model_path.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [("invert",), ("invert", "a.wav", "--bpm", "nan"), ("invert", "a.wav", "--bpm", "300"),
     ("invert", "a.wav", "--out", "a.mp3"),
     ("directions", "from-audio", "a"), ("directions", "from-audio", "a", "b"), ("directions", "sing")],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("invert",), ("directions",), ("directions", "from-audio")], ids=" ".join)
def test_every_command_has_help_and_an_example(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert command == ("directions",) or f"loopmorph {' '.join(command)} " in result.stdout
