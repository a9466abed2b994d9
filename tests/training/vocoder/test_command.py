"""The command: a run, its continuation, and errors in one line."""

import pathlib

import click
import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner, Result

from melgan_vocoder.command_line import CommandLine
from melgan_vocoder.vocoder_file import load_vocoder
from training.corpus import CorpusLoop, write_corpus
from training.device import choose_device
from training.errors import TrainingError
from training.vocoder.command import vocoder
from training.vocoder.material import by_turns


@pytest.fixture(scope="module")
def folder(corpus: object, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A corpus on disk: four loops to train with, two held out."""
    path = tmp_path_factory.mktemp("corpus") / "loops"
    loops = [
        CorpusLoop(audio=corpus.loop(n), genre="ab"[n % 2], source=f"seed {n}", licence="CC0-1.0",  # type: ignore[attr-defined]
                   split="held_out" if n > 3 else "train")
        for n in range(6)
    ]  # fmt: skip
    write_corpus(path, loops)
    return path


def invoke(*arguments: object) -> Result:
    group = CommandLine(commands={"vocoder": vocoder})
    return CliRunner().invoke(group, ["vocoder", *map(str, arguments), "--device", "cpu"])


def test_run_writes_a_vocoder_and_goes_on_when_run_again(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    first = invoke(folder, tmp_path, "--preset", "toy", "--steps", 2)
    assert first.exit_code == 0, first.output
    assert f"{tmp_path / 'vocoder.safetensors'}: 2 steps, 0 skipped; held-out loops: mel " in first.stdout
    assert not load_vocoder(tmp_path / "vocoder.safetensors").training
    second = invoke(folder, tmp_path, "--preset", "toy", "--steps", 3)
    assert second.exit_code == 0, second.output
    assert f"{tmp_path}: goes on from step 2" in second.stdout
    assert "3 steps, 0 skipped" in second.stdout


def test_recordings_are_trained_with_and_what_cannot_be_read_is_named(
    folder: pathlib.Path, tmp_path: pathlib.Path, rng: np.random.Generator
) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    soundfile.write(sounds / "good.wav", rng.uniform(-0.5, 0.5, 30_000), 44_100)
    (sounds / "bad.wav").write_bytes(b"no audio")
    result = invoke(folder, tmp_path / "run", "--preset", "toy", "--steps", 1, "--recordings", sounds)
    assert result.exit_code == 0, result.output
    assert "bad.wav: cannot be read" in result.stderr
    (folder_of_none := tmp_path / "none").mkdir()
    refused = invoke(folder, tmp_path / "other", "--preset", "toy", "--steps", 1, "--recordings", folder_of_none)
    assert refused.exit_code == 1
    assert f"{folder_of_none}: holds no audio file, at least one" in refused.stderr


def test_card_counts_genres_and_names_licences(folder: pathlib.Path) -> None:
    from training.corpus import Corpus
    from training.vocoder.material import Material

    material = Material.of(Corpus.open(folder))
    assert material.card == {"corpus": "6 loops, 4 of them trained with: 3 a, 3 b", "license": "CC0-1.0"}
    assert (list(material.train), list(material.held_out)) == ([0, 1, 2, 3], [4, 5])
    assert len(material.digest) == 16


def test_genres_take_turns() -> None:
    assert by_turns([3, 5, 7, 9], ["b", "b", "a", "b"]) == [7, 3, 5, 9]


def test_other_preset_is_one_line_and_status_1(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert invoke(folder, tmp_path, "--preset", "toy", "--steps", 1).exit_code == 0
    result = invoke(folder, tmp_path, "--preset", "cpu")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"loopmorph: {tmp_path}: its run has preset toy where cpu is asked for")
    assert result.stderr.count("\n") == 1


def test_missing_corpus_is_one_line_and_status_1(tmp_path: pathlib.Path) -> None:
    result = invoke(tmp_path / "gone", tmp_path / "out", "--preset", "toy")
    assert result.exit_code == 1
    assert "no such file" in result.stderr
    assert not (tmp_path / "out").exists()


def test_interrupt_of_the_set_up_is_one_line(
    folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.vocoder.run.VocoderRun", interrupted)
    result = invoke(folder, tmp_path / "out", "--preset", "toy")
    assert (result.exit_code, result.stderr) == (
        1, "loopmorph: stopped before the first step, nothing was lost or begun; run the same command again\n"
    )  # fmt: skip


def test_missing_start_is_one_line_and_status_1(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    result = invoke(folder, tmp_path / "out", "--preset", "toy", "--from", tmp_path / "gone.safetensors")
    assert result.exit_code == 1
    assert "gone.safetensors: no such file" in result.stderr


@pytest.mark.parametrize("arguments", [("--steps", 0), ("--minutes", 0), ("--preset", "huge"), ("--seed", -1)])
def test_wrong_usage_is_status_2(tmp_path: pathlib.Path, arguments: tuple[object, ...]) -> None:
    assert invoke(tmp_path, tmp_path, *arguments).exit_code == 2


def test_gpu_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device(None) == torch.device("cpu")
    with pytest.raises(TrainingError, match="--device is cuda, torch finds no such GPU; install its driver or choose"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device(None) == torch.device("cuda")
    assert choose_device("cpu") == torch.device("cpu")


def test_command_is_a_click_command() -> None:
    assert isinstance(vocoder, click.Command)
