"""Fixtures that several packages share: seeded randomness, toy networks and files, the shipped weights.

torch and the packages are imported inside the fixtures, so that tests which need none of them start at once.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from melgan_vocoder.format import MelFormat
    from melgan_vocoder.generator import Vocoder
    from stylegan_audio.config import ModelConfig
    from stylegan_audio.generator import Generator
    from stylegan_audio.model_file import ModelHeader, ModelIdentity

Rewrite = Callable[..., None]


@dataclasses.dataclass(frozen=True)
class ModelParts:
    """What `write_model` takes, and the two directions among it."""

    generator: "Generator"
    identity: "ModelIdentity"
    directions: Mapping[str, tuple[Mapping[str, object], np.ndarray]]


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of the tests' own for crate, sessions and histories, in place of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOPMORPH_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240607)


@pytest.fixture
def seeded_torch() -> Iterator[None]:
    """Torch's global generator at a known state, and put back afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(20240607)
        yield


@pytest.fixture(scope="session")
def drums_header() -> "ModelHeader":
    """The header of the shipped drum model."""
    from stylegan_audio import SHIPPED_MODELS, read_model_header

    return read_model_header(SHIPPED_MODELS / "drums.safetensors")


@pytest.fixture(scope="session")
def generator(drums_header: "ModelHeader") -> "Generator":
    """The shipped drum model; copy it before changing it."""
    from stylegan_audio.generator_weights import load_generator

    return load_generator(drums_header)


@pytest.fixture(scope="session")
def vocoder() -> "Vocoder":
    """The shipped vocoder; copy it before changing it."""
    from melgan_vocoder.vocoder_file import load_vocoder

    return load_vocoder()


@pytest.fixture(scope="session")
def toy_format() -> "MelFormat":
    """A loop of 24 000 samples in 16 bands, two channels."""
    from melgan_vocoder.format import MelFormat

    return MelFormat(n_mels=16, n_linear=4, n_frames=64)


@pytest.fixture(scope="session")
def toy_config() -> "ModelConfig":
    """Three levels that fit `toy_format`, every size different."""
    from stylegan_audio.config import ModelConfig

    return ModelConfig(z_dim=6, w_dim=8, mapping_layers=2, channels=(7, 5, 4))


@pytest.fixture(scope="session")
def narrow_config() -> "ModelConfig":
    """A generator of whole spectrograms with hardly any channels."""
    from stylegan_audio.config import ModelConfig

    return ModelConfig(z_dim=6, w_dim=8, mapping_layers=2, channels=(5, 4, 4, 4, 4, 3))


@pytest.fixture
def shaken() -> Callable[["Generator"], "Generator"]:
    """Gives a fresh generator the biases, noise and mean latent that only training would."""
    import torch

    def shake(generator: "Generator") -> "Generator":
        with torch.no_grad():
            for name, tensor in generator.state_dict().items():
                if name.endswith(("bias", "noise_strength", "w_avg")):
                    tensor.add_(0.3 * torch.randn_like(tensor))
        return generator.eval().requires_grad_(False)

    return shake


@pytest.fixture
def toy_generator(
    toy_format: "MelFormat",
    toy_config: "ModelConfig",
    shaken: Callable[["Generator"], "Generator"],
    seeded_torch: None,
) -> "Generator":
    """A generator of 16 x 64, with random weights, biases and noise."""
    from stylegan_audio.generator import Generator

    return shaken(Generator(toy_format, toy_config))


@pytest.fixture
def toy_vocoder(toy_format: "MelFormat", seeded_torch: None) -> "Vocoder":
    """A vocoder of hardly any channels for `toy_format`, with random weights."""
    from melgan_vocoder.generator import Vocoder, VocoderConfig

    config = VocoderConfig(channels=(9, 8, 7), dilations=(1, 3), stand_in_channels=6)
    return Vocoder(toy_format, config).eval().requires_grad_(False)


@pytest.fixture
def model_parts(
    narrow_config: "ModelConfig",
    shaken: Callable[["Generator"], "Generator"],
    rng: np.random.Generator,
    seeded_torch: None,
) -> ModelParts:
    """A narrow generator with an identity and two directions."""
    from melgan_vocoder.format import MelFormat
    from stylegan_audio.generator import Generator
    from stylegan_audio.model_file import CARD_KEYS, ModelIdentity

    identity = ModelIdentity(
        name="toy", genre="test tones", role="bass", key="A minor", card={**dict.fromkeys(CARD_KEYS, "none"), "kimg": 3}
    )
    directions = {}
    for name, levels in (("density", [0, 1, 2]), ("bass", [0, 5])):
        vector = rng.standard_normal(narrow_config.w_dim)
        entry = {"name": name, "attribute": name, "levels": levels, "sigma": 0.75, "report": {"r2_held_out": 0.5}}
        directions[name] = (entry, (vector / np.linalg.norm(vector)).astype(np.float32))
    return ModelParts(shaken(Generator(MelFormat(), narrow_config)), identity, directions)


@pytest.fixture
def model_path(model_parts: ModelParts, tmp_path: pathlib.Path) -> pathlib.Path:
    """A file of the narrow model."""
    from stylegan_audio.generator_weights import generator_tensors
    from stylegan_audio.model_file import write_model

    path = tmp_path / "toy.safetensors"
    write_model(
        path,
        generator_tensors(model_parts.generator),
        identity=model_parts.identity,
        config=model_parts.generator.config,
        mel_format=model_parts.generator.mel_format,
        directions=model_parts.directions,
    )
    return path


@pytest.fixture
def vocoder_path(tmp_path: pathlib.Path, seeded_torch: None) -> pathlib.Path:
    """A file of a narrow vocoder for the real MelFormat."""
    from melgan_vocoder.format import MelFormat
    from melgan_vocoder.generator import Vocoder, VocoderConfig
    from melgan_vocoder.vocoder_file import save_vocoder

    path = tmp_path / "toy_vocoder.safetensors"
    config = VocoderConfig(channels=(9, 8, 7), dilations=(1, 3), stand_in_channels=6)
    save_vocoder(path, Vocoder(MelFormat(), config), card={"steps": 1})
    return path


@pytest.fixture(scope="session")
def rewrite() -> Rewrite:
    """Changes entries and tensors of a weights file (None removes them), as a careless exporter would."""
    from safetensors import safe_open
    from safetensors.numpy import save_file

    def change(
        path: pathlib.Path,
        *,
        metadata: Mapping[str, str | None] | None = None,
        tensors: Mapping[str, np.ndarray | None] | None = None,
    ) -> None:
        with safe_open(path, framework="np") as file:
            entries = {**file.metadata(), **(metadata or {})}
            arrays = {**{name: file.get_tensor(name) for name in file.keys()}, **(tensors or {})}  # noqa: SIM118
        save_file(
            {name: array for name, array in arrays.items() if array is not None},
            path,
            metadata={key: text for key, text in entries.items() if text is not None},
        )

    return change


@pytest.fixture(scope="session")
def prototype() -> pathlib.Path:
    """The folder of the measured prototype, where this checkout lies beside it."""
    folder = pathlib.Path(__file__).parents[1].parent / "shared" / "prototype"
    if not folder.is_dir():
        pytest.skip(f"no prototype at {folder}")
    return folder
