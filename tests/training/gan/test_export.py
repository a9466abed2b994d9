"""A run -> a model file that draws what the run drew, with a card that says where it is from."""

import json
import pathlib

import pytest
import torch

from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import read_model_header
from training.checkpoint import Progress, write_checkpoint
from training.errors import TrainingError
from training.gan.config import GanTrainingConfig
from training.gan.export import export_run
from training.gan.networks import Networks, make_networks
from training.gan.preset import GAN_PRESETS
from training.gan.saved_run import KIND, read_run, write_entries

IDENTITY = {"name": "toy", "genre": "test tones", "role": "bass", "key": "A minor"}


def export(folder: pathlib.Path, target: pathlib.Path) -> list[str]:
    """Export under `IDENTITY`; gives what was told."""
    told: list[str] = []
    export_run(folder, target, **IDENTITY, echo=told.append)
    return told


@pytest.fixture
def networks(narrow_config: ModelConfig) -> Networks:
    return make_networks(GanTrainingConfig(preset="toy", model=narrow_config), MelFormat())


@pytest.fixture
def folder(tmp_path: pathlib.Path, narrow_config: ModelConfig, networks: Networks) -> pathlib.Path:
    """What a run leaves behind, without having trained."""
    path = tmp_path / "run"
    GAN_PRESETS.keep(path, GanTrainingConfig(preset="toy", model=narrow_config), is_begun=False)
    card = {"corpus": "12 loops", "license": "CC0-1.0", "provenance": "drawn here", "loops": 12}
    write_entries(path / "card.json", card)
    with torch.no_grad():
        networks.averaged.w_avg.fill_(0.25)
    progress = Progress(step=50, elapsed_s=90)
    checkpoint = path / "checkpoint.safetensors"
    write_checkpoint(checkpoint, progress, kind=KIND, mel_format=MelFormat(), networks=networks.named(), optimisers={})
    return path


def test_model_file_draws_what_the_running_mean_draws(
    folder: pathlib.Path, networks: Networks, tmp_path: pathlib.Path
) -> None:
    export(folder, tmp_path / "new" / "toy.safetensors")
    header = read_model_header(tmp_path / "new" / "toy.safetensors")
    generator, z = load_generator(header), torch.randn(2, networks.averaged.config.z_dim)
    drawn = generator(z, truncation_psi=0.7)
    torch.testing.assert_close(drawn, networks.averaged(z, truncation_psi=0.7), atol=0.02, rtol=0.02)
    assert drawn.shape == (2, 2, 128, 512)
    torch.testing.assert_close(generator.w_avg, networks.averaged.w_avg)
    assert header.directions == ()


def test_card_says_where_it_is_from_and_how_it_was_made(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    write_entries(folder / "evaluation.json", {"kimg": 3.2, "metrics": {"coverage": 0.9}})
    assert export(folder, tmp_path / "toy.safetensors") == []
    identity = read_model_header(tmp_path / "toy.safetensors").identity
    assert (identity.name, identity.genre, identity.role, identity.key) == tuple(IDENTITY.values())
    assert identity.card == {
        "corpus": "12 loops", "license": "CC0-1.0", "provenance": "drawn here", "loops": 12, "kimg": 3.2,
        "metrics": {"coverage": 0.9}, "preset": "toy", "seed": 0, "minutes": 1.5,
    }  # fmt: skip


def test_card_without_an_evaluation_has_no_metrics_and_the_user_is_told(
    folder: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    told = export(folder, tmp_path / "toy.safetensors")
    assert told == [f"card without metrics: run loopmorph-train evaluate {folder} CORPUS first"]
    assert read_model_header(tmp_path / "toy.safetensors").identity.card["metrics"] == {}


def test_evaluation_of_another_checkpoint_is_left_off_the_card(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    write_entries(folder / "evaluation.json", {"kimg": 1.6, "metrics": {"coverage": 0.9}})
    told = export(folder, tmp_path / "toy.safetensors")
    assert told == [
        "card without metrics: the run was evaluated after 1.6 kimg and has 3.2 now; run loopmorph-train evaluate "
        f"{folder} CORPUS again"
    ]
    assert read_model_header(tmp_path / "toy.safetensors").identity.card["metrics"] == {}


def test_folder_without_a_run_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        TrainingError, match=r"config\.yaml: no such file, the folder of a run that has saved is needed"
    ):
        export(tmp_path, tmp_path / "toy.safetensors")


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("manifest.jsonl", "it is a corpus: train with it, loopmorph-train gan {} RUN"),
        (
            "kick.flac",
            "it holds audio files: make a corpus of them, loopmorph-train corpus {} CORPUS, and train with it",
        ),
    ],
)
def test_folder_of_something_else_is_told_with_the_next_step(tmp_path: pathlib.Path, name: str, step: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(TrainingError, match=f"a run that has saved is needed; {step.format(tmp_path)}"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"), [("{", r"evaluation\.json: no JSON"), ("[]", "holds a list, an object is")]
)
def test_broken_evaluation_is_named(folder: pathlib.Path, text: str, message: str) -> None:
    (folder / "evaluation.json").write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match=message):
        read_run(folder)


def test_run_without_a_card_still_gives_a_model(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (folder / "card.json").unlink()
    export(folder, tmp_path / "toy.safetensors")
    card = read_model_header(tmp_path / "toy.safetensors").identity.card
    assert json.dumps(card["corpus"]) == '"unknown"'
