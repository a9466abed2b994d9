"""The commands: a run, its continuation, its model file, and errors in one line."""

import dataclasses
import pathlib

import numpy as np
import pytest
from click.testing import CliRunner, Result
from safetensors import safe_open

from melgan_vocoder.command_line import CommandLine
from stylegan_audio.config import ModelConfig
from stylegan_audio.model_file import read_model_header
from training.corpus import CorpusLoop, write_corpus
from training.gan.command import export, gan
from training.preset import Presets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A corpus on disk: four loops of noise."""
    path, rng = tmp_path_factory.mktemp("corpus") / "loops", np.random.default_rng(3)
    loops = [
        CorpusLoop(audio=(0.1 * rng.standard_normal(192_000)).clip(-1, 1).astype(np.float32), genre="noise",
                   source=f"seed {n}", licence="CC0-1.0", split="train")
        for n in range(4)
    ]  # fmt: skip
    write_corpus(path, loops)
    return path


@pytest.fixture(autouse=True)
def narrow_preset(monkeypatch: pytest.MonkeyPatch, narrow_config: ModelConfig) -> None:
    """Presets with hardly any channels and no pictures: the rest of them is as it is."""
    load = Presets.load

    def narrow(presets: Presets, name: str) -> object:
        config = load(presets, name)
        run = dataclasses.replace(config.run, pictures=0, sounds=0)
        return dataclasses.replace(config, model=narrow_config, run=run)

    monkeypatch.setattr(Presets, "load", narrow)


def invoke(*arguments: object) -> Result:
    group = CommandLine(commands={"gan": gan, "export": export})
    return CliRunner().invoke(group, [str(argument) for argument in arguments])


def test_help_says_how_several_gpus_train() -> None:
    assert "  torchrun --nproc" in invoke("gan", "--help").stdout


def test_run_goes_on_when_run_again_and_gives_a_model_file(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "run"
    common = ("gan", folder, out, "--preset", "toy", "--device", "cpu")
    first = invoke(*common, "--kimg", 0.004)
    assert first.exit_code == 0, first.output
    assert f"{out / 'checkpoint.safetensors'}: 0.004 kimg, 0 steps skipped" in first.stdout
    second = invoke(*common, "--kimg", 0.008)
    assert second.exit_code == 0, second.output
    assert f"{out}: goes on from 0.004 kimg" in second.stdout
    model = tmp_path / "hiss.safetensors"
    result = invoke("export", out, model, "--genre", "noise", "--role", "texture")
    assert result.exit_code == 0, result.output
    identity = read_model_header(model).identity
    assert (identity.name, identity.role, identity.card["kimg"], identity.card["loops"]) == (
        "hiss",
        "texture",
        0.008,
        4,
    )
    assert identity.card["corpus"] == "4 loops, 4 of them trained with: 4 noise"
    assert identity.card["license"] == "CC0-1.0"
    assert identity.card["provenance"] == "4 sources: seed 0, seed 1, seed 2, seed 3"
    third = invoke("gan", folder, tmp_path / "other", "--preset", "toy", "--kimg", 0.004, "--from", model, "--seed", 4)
    assert third.exit_code == 0, third.output
    options = ("--preset", "toy", "--kimg", 0.004, "--from", out, "--freeze", 1)
    fourth = invoke("gan", folder, tmp_path / "frozen", *options)
    assert fourth.exit_code == 0, fourth.output
    names = [name for name in checkpoint_names(out) if name.startswith("discriminator/from_spectrogram.")]
    for name in names:
        np.testing.assert_allclose(read_entry(tmp_path / "frozen", name), read_entry(out, name), rtol=1e-6)
    assert names


def checkpoint_names(run: pathlib.Path) -> list[str]:
    with safe_open(run / "checkpoint.safetensors", "np") as file:
        return list(file.keys())


def read_entry(run: pathlib.Path, name: str) -> np.ndarray:
    with safe_open(run / "checkpoint.safetensors", "np") as file:
        return file.get_tensor(name)


def test_interrupt_of_the_set_up_is_one_line(
    folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.spectrograms.open_spectrograms", interrupted)
    result = invoke("gan", folder, tmp_path / "out", "--preset", "toy", "--device", "cpu")
    assert result.exit_code == 1
    assert result.stderr == (
        "loopmorph: stopped before the first step, nothing was lost or begun; run the same command again\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("start", [(), ("--from", "drums.safetensors")])
def test_freezing_needs_a_run_to_begin_with(tmp_path: pathlib.Path, start: tuple[str, ...]) -> None:
    result = invoke("gan", tmp_path, tmp_path / "out", "--preset", "toy", "--freeze", 2, *start)
    assert result.exit_code == 2
    assert "--freeze needs --from with the folder of a run" in result.stderr


def test_missing_corpus_start_and_run_are_one_line_and_status_1(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for arguments in (
        ("gan", tmp_path / "gone", tmp_path / "out", "--preset", "toy", "--device", "cpu"),
        ("gan", folder, tmp_path / "out", "--preset", "toy", "--device", "cpu", "--from", tmp_path / "gone"),
        ("export", tmp_path / "gone", tmp_path / "out.safetensors"),
    ):
        result = invoke(*arguments)
        assert result.exit_code == 1, result.output
        assert "no such file" in result.stderr
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [("--kimg", 0), ("--minutes", 0), ("--preset", "huge"), ("--seed", -1), ("--device", "tpu")]
)
def test_wrong_usage_is_status_2(tmp_path: pathlib.Path, arguments: tuple[object, ...]) -> None:
    assert invoke("gan", tmp_path, tmp_path, *arguments).exit_code == 2
