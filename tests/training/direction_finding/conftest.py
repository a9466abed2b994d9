"""Little work: few loops, a toy model, and a vocoder that costs next to nothing."""

import pathlib
import shutil
from collections.abc import Iterator

import pytest
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import generator_tensors
from stylegan_audio.model_file import CARD_KEYS, ModelIdentity, write_model
from training.direction_finding import attribute_regression, examination, finding, morphs, plain, reporting

STRENGTHS = (-3.0, 0.0, 3.0)


@pytest.fixture(scope="module")
def little_work() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, torch.random.fork_rng(devices=[]):
        torch.manual_seed(20240607)
        config = VocoderConfig(channels=(6, 5, 4), dilations=(1,), stand_in_channels=4)
        vocoder = Vocoder(MelFormat(), config).eval().requires_grad_(False)
        for module in (examination, morphs):
            patch.setattr(module, "load_vocoder", lambda: vocoder)
        patch.setattr(examination, "POPULATION_SEEDS", range(200))
        for module in (examination, finding, reporting):
            patch.setattr(module, "REFERENCE_SEEDS", range(1000, 1010))
            patch.setattr(module, "STRENGTHS", STRENGTHS)
        for module in (finding, attribute_regression):
            patch.setattr(module, "N_EPOCHS", 3)
        patch.setattr(finding, "HOLD_STRENGTHS", STRENGTHS)
        for module in (plain, reporting):
            patch.setattr(module, "PLAIN_LOOPS", 30)
        yield


@pytest.fixture(scope="module")
def toy_file(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A file of a toy bass model without directions."""
    path = tmp_path_factory.mktemp("toy") / "toy.safetensors"
    config = ModelConfig(z_dim=6, w_dim=8, mapping_layers=2, channels=(5, 4, 4, 4, 4, 3))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20240607)
        generator = Generator(MelFormat(), config)
    card = {**dict.fromkeys(CARD_KEYS, "none"), "kimg": 3}
    identity = ModelIdentity(name="toy", genre="test tones", role="bass", card=card)
    write_model(path, generator_tensors(generator), identity=identity, config=config, mel_format=MelFormat())
    return path


@pytest.fixture
def toy_copy(toy_file: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A file of the toy model that may be changed."""
    return pathlib.Path(shutil.copy(toy_file, tmp_path / "toy.safetensors"))
