"""Prototype weights -> the drum model: names, refusals, and the prototype's own example reproduced."""

import pathlib

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from melgan_vocoder.format import OneChannelFormat
from stylegan_audio import SHIPPED_MODELS
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import read_model_header
from training.errors import TrainingError
from training.prototype import convert_drums, drums_name

TOLERANCE = 0.02


@pytest.fixture(scope="module")
def converted(prototype: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The drum model, converted once."""
    path = tmp_path_factory.mktemp("converted") / "mine.safetensors"
    convert_drums(prototype / "drums.safetensors", path)
    return path


@pytest.fixture(scope="module")
def example(prototype: pathlib.Path) -> dict[str, torch.Tensor]:
    """`z` of two loops and their `mel`."""
    with np.load(prototype / "example.npz") as arrays:
        return {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in ("z", "mel")}


def require_example_mel(path: pathlib.Path, example: dict[str, torch.Tensor]) -> None:
    """Compare what a drum model draws."""
    generator = load_generator(read_model_header(path))
    with torch.inference_mode():
        spectrogram = generator(example["z"], truncation_psi=1.0)
    assert spectrogram.shape == (2, 1, 128, 512)
    torch.testing.assert_close(spectrogram[:, 0], example["mel"], atol=TOLERANCE, rtol=0)


def test_example_is_loud_enough_for_the_tolerance_to_tell(example: dict[str, torch.Tensor]) -> None:
    assert example["mel"].std() > 10 * TOLERANCE
    assert (example["mel"][0] - example["mel"][1]).abs().max() > 10 * TOLERANCE


def test_converted_drums_draw_the_examples_mel(converted: pathlib.Path, example: dict[str, torch.Tensor]) -> None:
    require_example_mel(converted, example)


def test_shipped_drums_draw_the_examples_mel(example: dict[str, torch.Tensor]) -> None:
    require_example_mel(SHIPPED_MODELS / "drums.safetensors", example)


def test_converted_file_says_what_it_is(converted: pathlib.Path) -> None:
    header = read_model_header(converted)
    assert (header.name, header.identity.role, header.identity.card["kimg"]) == ("drums", "rhythm", 567)
    assert header.directions == ()
    assert header.config == ModelConfig()
    assert header.mel_format == OneChannelFormat()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("const", "synthesis.const"),
        ("w_avg", "w_avg"),
        ("mapping.3.weight", "mapping.layers.3.weight"),
        ("level0.conv.noise_strength", "synthesis.levels.0.conv.noise_strength"),
        ("level5.conv_up.style.bias", "synthesis.levels.5.conv_up.style.bias"),
        ("level2.to_mel.weight", "synthesis.levels.2.to_spectrogram.weight"),
    ],
)
def test_drum_tensor_gets_todays_name(old: str, new: str) -> None:
    assert drums_name(old) == new


def test_every_name_of_the_prototype_becomes_one_of_todays_and_none_is_left(prototype: pathlib.Path) -> None:
    drums = load_file(prototype / "drums.safetensors")
    assert sorted(map(drums_name, drums)) == sorted(Generator(OneChannelFormat(), ModelConfig()).state_dict())


def test_missing_prototype_is_refused_and_nothing_is_written(tmp_path: pathlib.Path) -> None:
    message = r"gone\.safetensors: no such file; a prototype's safetensors file is needed; check the folder"
    with pytest.raises(TrainingError, match=message):
        convert_drums(tmp_path / "gone.safetensors", tmp_path / "out.safetensors")
    assert not list(tmp_path.iterdir())


def test_other_tensors_are_refused_and_nothing_is_written(tmp_path: pathlib.Path) -> None:
    save_file({"elsewhere.weight": np.zeros(3, np.float32)}, tmp_path / "a.safetensors")
    message = r"a\.safetensors: not the prototype's tensors \(.*elsewhere\.weight.*\); choose the prototype's file"
    with pytest.raises(TrainingError, match=message):
        convert_drums(tmp_path / "a.safetensors", tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("content", [b"", b"x" * 50])
def test_file_that_is_no_safetensors_is_refused(tmp_path: pathlib.Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(TrainingError):
        convert_drums(tmp_path / "a.safetensors", tmp_path / "out.safetensors")
