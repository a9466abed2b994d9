"""ModelConfig: levels, JSON, and what it refuses."""

import dataclasses
import json

import pytest

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError


def test_default_levels_double_from_eighths_to_the_whole_spectrogram() -> None:
    config = ModelConfig()
    shapes = [config.level_shape(level) for level in range(config.n_levels)]
    assert shapes == [(4, 16), (8, 32), (16, 64), (32, 128), (64, 256), (128, 512)]
    config.require_fits(MelFormat(), source="x")


def test_channels_from_json_lists_become_tuples_so_that_equal_configs_hash_alike() -> None:
    config = ModelConfig(channels=[8, 4])  # type: ignore[arg-type]
    assert config == ModelConfig(channels=(8, 4))
    assert hash(config) == hash(ModelConfig(channels=(8, 4)))


def test_fields_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ModelConfig().w_dim = 128  # type: ignore[misc]


@pytest.mark.parametrize(
    "sizes",
    [{"z_dim": 0}, {"w_dim": -1}, {"mapping_layers": 0}, {"const_height": 0}, {"const_width": 0}]
    + [{"channels": channels} for channels in ((), (8, 0), (-8, 8))],
    ids=str,
)
def test_size_below_one_is_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ModelError, match=r"model sizes \(.*\) must all be whole numbers from 1 to 4096; correct them"):
        ModelConfig(**sizes)


@pytest.mark.parametrize(
    ("config", "drawn"),
    [
        (ModelConfig(channels=(8, 8)), "8 x 32"),
        (ModelConfig(channels=(8,) * 7), "256 x 1024"),
        (ModelConfig(const_height=2), "64 x 512"),
        (ModelConfig(const_width=32), "128 x 1024"),
    ],
    ids=["few levels", "many levels", "low constant", "wide constant"],
)
def test_architecture_that_draws_another_size_is_refused_with_both(config: ModelConfig, drawn: str) -> None:
    message = rf"a\.safetensors: its architecture draws {drawn}, the MelFormat needs 128 x 512; export it again"
    with pytest.raises(ModelError, match=message):
        config.require_fits(MelFormat(), source="a.safetensors")


def test_json_round_trip_keeps_every_field() -> None:
    config = ModelConfig(z_dim=1, w_dim=2, mapping_layers=3, channels=(4, 5), const_height=6, const_width=7)
    assert ModelConfig.from_json(config.to_json(), source="x") == config
    assert set(json.loads(config.to_json())) == {field.name for field in dataclasses.fields(ModelConfig)}


@pytest.mark.parametrize("text", [None, "", "{", "[1]", "5", "null", '{"zdim": 256}', '{"channels": [8, 8]}', "{}"])
def test_json_that_is_no_architecture_is_refused_with_file_and_entry(text: str | None) -> None:
    with pytest.raises(VocoderError, match=r"a\.safetensors: entry 'architecture' .* needed"):
        ModelConfig.from_json(text, source="a.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        {"z_dim": 6.5},
        {"const_height": 4.0},
        {"mapping_layers": True},
        {"channels": [4.5]},
        {"channels": 5},
        {"w_dim": "9"},
    ],
    ids=str,
)
def test_size_that_is_no_whole_number_is_refused(change: dict[str, object]) -> None:
    text = json.dumps(json.loads(ModelConfig().to_json()) | change)
    with pytest.raises(ModelError, match=r"a\.safetensors: its architecture cannot be read"):
        ModelConfig.from_json(text, source="a.safetensors")
