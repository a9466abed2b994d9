"""Prototype weights -> today's files: names, refusals, and the prototype's own example reproduced."""

import json
import pathlib

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.vocoder_file import SHIPPED, load_vocoder
from stylegan_audio import SHIPPED_MODELS
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import read_model_header
from training.errors import TrainingError
from training.prototype import convert_drums, convert_vocoder, drums_name, vocoder_name

DESIGNED_ANEW = {"mel_filter_bank", "pqmf.synthesis"}
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def converted(prototype: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with both files, converted once."""
    folder = tmp_path_factory.mktemp("converted")
    convert_drums(prototype / "drums.safetensors", folder / "drums.safetensors")
    convert_vocoder(prototype / "vocoder.safetensors", folder / "vocoder.safetensors")
    return folder


@pytest.fixture(scope="module")
def example(prototype: pathlib.Path) -> dict[str, torch.Tensor]:
    """`z` of two loops, their `mel`, and the vocoder's `bands` for it."""
    with np.load(prototype / "example.npz") as arrays:
        return {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in ("z", "mel", "bands")}


def require_example_mel(path: pathlib.Path, example: dict[str, torch.Tensor]) -> None:
    """Compare what a drum model draws."""
    generator = load_generator(read_model_header(path))
    with torch.inference_mode():
        spectrogram = generator(example["z"], truncation_psi=1.0)
    assert spectrogram.shape == (2, 1, 128, 512)
    torch.testing.assert_close(spectrogram[:, 0], example["mel"], atol=TOLERANCE, rtol=0)


def require_example_bands(path: pathlib.Path, example: dict[str, torch.Tensor]) -> None:
    """Compare what a vocoder makes of the example's mel."""
    with torch.inference_mode():
        bands = load_vocoder(path).bands(example["mel"][:, None])
    assert bands.shape == (2, 5, 38_400)
    torch.testing.assert_close(bands, example["bands"], atol=TOLERANCE, rtol=0)


def test_example_is_loud_enough_for_the_tolerance_to_tell(example: dict[str, torch.Tensor]) -> None:
    assert example["mel"].std() > 10 * TOLERANCE
    assert example["bands"].abs().max() > 10 * TOLERANCE
    assert (example["bands"][0] - example["bands"][1]).abs().max() > 10 * TOLERANCE


def test_converted_drums_draw_the_examples_mel(converted: pathlib.Path, example: dict[str, torch.Tensor]) -> None:
    require_example_mel(converted / "drums.safetensors", example)


def test_converted_vocoder_draws_the_examples_bands(converted: pathlib.Path, example: dict[str, torch.Tensor]) -> None:
    require_example_bands(converted / "vocoder.safetensors", example)


def test_shipped_drums_draw_the_examples_mel(example: dict[str, torch.Tensor]) -> None:
    require_example_mel(SHIPPED_MODELS / "drums.safetensors", example)


def test_shipped_vocoder_draws_the_examples_bands(example: dict[str, torch.Tensor]) -> None:
    require_example_bands(SHIPPED, example)


def test_converted_files_say_what_they_are(converted: pathlib.Path) -> None:
    header = read_model_header(converted / "drums.safetensors")
    assert (header.name, header.identity.role, header.identity.card["kimg"]) == ("drums", "rhythm", 567)
    assert header.directions == ()
    assert header.config == ModelConfig()
    with safe_open(converted / "vocoder.safetensors", framework="np") as file:
        assert json.loads(file.metadata()["card"])["steps"] == 9800
        assert not DESIGNED_ANEW & set(file.keys())


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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pre.weight", "pre.weight"),
        ("post.bias", "post.bias"),
        ("stage0.up.weight", "stages.0.up.weight"),
        ("stage2.res3.dilated.weight", "stages.2.blocks.3.dilated.weight"),
        ("stage1.res0.pointwise.bias", "stages.1.blocks.0.pointwise.bias"),
    ],
)
def test_vocoder_tensor_gets_todays_name(old: str, new: str) -> None:
    assert vocoder_name(old) == new


def test_every_name_of_the_prototype_becomes_one_of_todays_and_none_is_left(prototype: pathlib.Path) -> None:
    drums, vocoder = (load_file(prototype / f"{name}.safetensors") for name in ("drums", "vocoder"))
    assert sorted(map(drums_name, drums)) == sorted(Generator(MelFormat(), ModelConfig()).state_dict())
    kept = sorted(vocoder_name(name) for name in vocoder if name not in DESIGNED_ANEW)
    assert kept == sorted(Vocoder(MelFormat(), VocoderConfig()).state_dict())


@pytest.mark.parametrize("convert", [convert_drums, convert_vocoder])
def test_missing_prototype_is_refused_and_nothing_is_written(tmp_path: pathlib.Path, convert: object) -> None:
    message = r"gone\.safetensors: no such file; a prototype's safetensors file is needed; check the folder"
    with pytest.raises(TrainingError, match=message):
        convert(tmp_path / "gone.safetensors", tmp_path / "out.safetensors")  # type: ignore[operator]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("convert", [convert_drums, convert_vocoder])
def test_other_tensors_are_refused_and_nothing_is_written(tmp_path: pathlib.Path, convert: object) -> None:
    save_file({"elsewhere.weight": np.zeros(3, np.float32)}, tmp_path / "a.safetensors")
    message = r"a\.safetensors: not the prototype's tensors \(.*elsewhere\.weight.*\); choose the prototype's file"
    with pytest.raises(TrainingError, match=message):
        convert(tmp_path / "a.safetensors", tmp_path / "out.safetensors")  # type: ignore[operator]
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("content", [b"", b"x" * 50])
def test_file_that_is_no_safetensors_is_refused(tmp_path: pathlib.Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(TrainingError):
        convert_drums(tmp_path / "a.safetensors", tmp_path / "out.safetensors")
