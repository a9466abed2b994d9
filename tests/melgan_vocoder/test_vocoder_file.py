"""The vocoder file: the shipped one plays, a saved one comes back, a broken one is refused in one line."""

import json
import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import torch
from safetensors import safe_open

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat, OneChannelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.vocoder_file import SHIPPED, load_vocoder, save_vocoder

Rewrite = Callable[..., None]
SIZES = {"channels": [9, 8, 7], "strides": [3, 5, 5], "dilations": [1, 3], "stand_in_channels": 6}
"""Of `vocoder_path`."""
DO_NOT_MAKE = r"toy_vocoder\.safetensors: its architecture entry and its tensors do not make a vocoder \(.+\); export"


def test_shipped_vocoder_plays_without_gradients(vocoder: Vocoder) -> None:
    assert vocoder.mel_format == MelFormat()
    assert vocoder.config == VocoderConfig()
    assert not vocoder.training
    assert not any(weight.requires_grad for weight in vocoder.parameters())
    assert all(weight.dtype == torch.float32 and weight.isfinite().all() for weight in vocoder.parameters())


def test_shipped_file_says_where_it_comes_from_in_under_10_mb() -> None:
    with safe_open(SHIPPED, framework="np") as file:
        card = json.loads(file.metadata()["card"])
    assert {"corpus", "license", "provenance", "metrics"} <= set(card)
    assert SHIPPED.stat().st_size < 10e6


def test_round_trip_keeps_sizes_weights_to_half_precision_and_sound(
    tmp_path: pathlib.Path, rng: np.random.Generator, seeded_torch: None
) -> None:
    config = VocoderConfig(channels=(9, 8, 7), strides=(5, 3, 5), dilations=(1, 2), stand_in_channels=6)
    saved = Vocoder(MelFormat(), config)
    save_vocoder(tmp_path / "v.safetensors", saved, card={"steps": 5})
    loaded = load_vocoder(tmp_path / "v.safetensors")
    assert loaded.config == saved.config
    for name, tensor in saved.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float()), name
    spectrogram = torch.from_numpy(rng.uniform(-1, 0, (1, 2, 128, 8)).astype(np.float32))
    for heard in (spectrogram, spectrogram[:, :1]):
        torch.testing.assert_close(loaded(heard), saved(heard), atol=2e-3, rtol=0)


def test_saved_file_holds_half_precision_sizes_and_card(vocoder_path: pathlib.Path) -> None:
    with safe_open(vocoder_path, framework="np") as file:
        assert json.loads(file.metadata()["card"]) == {"steps": 1}
        assert json.loads(file.metadata()["architecture"])["channels"] == [9, 8, 7]
        assert (file.metadata()["kind"], file.metadata()["format_version"]) == ("loopmorph vocoder", "2")
        assert {file.get_tensor(name).dtype for name in file.keys()} == {np.dtype(np.float16)}  # noqa: SIM118


def test_missing_file_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocoderError, match=r"gone\.safetensors: no such file; a loopmorph vocoder file"):
        load_vocoder(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_file_cut_short_is_refused(vocoder_path: pathlib.Path, share: float) -> None:
    whole = vocoder_path.read_bytes()
    vocoder_path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(VocoderError, match="not a whole safetensors file"):
        load_vocoder(vocoder_path)


def test_loop_model_is_refused_as_a_vocoder(model_path: pathlib.Path) -> None:
    with pytest.raises(VocoderError, match="holds 'loopmorph model', a 'loopmorph vocoder' is needed"):
        load_vocoder(model_path)


@pytest.mark.parametrize("version", ["1", "3"])
def test_other_version_is_refused(vocoder_path: pathlib.Path, rewrite: Rewrite, version: str) -> None:
    rewrite(vocoder_path, metadata={"format_version": version})
    with pytest.raises(VocoderError, match=f"format version {version}, version 2 is needed"):
        load_vocoder(vocoder_path)


def test_vocoder_of_the_one_channel_format_is_refused(vocoder_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(vocoder_path, metadata={"mel_format": OneChannelFormat().to_json()})
    with pytest.raises(VocoderError, match=r"toy_vocoder\.safetensors: its MelFormat has version 1 where 2 is needed"):
        load_vocoder(vocoder_path)


@pytest.mark.parametrize(("field", "value"), [("hop_length", 256), ("n_mels", 80), ("low_window", 1000)])
def test_other_mel_format_is_refused_with_the_field(
    vocoder_path: pathlib.Path, rewrite: Rewrite, field: str, value: int
) -> None:
    fields = json.loads(MelFormat().to_json()) | {field: value}
    rewrite(vocoder_path, metadata={"mel_format": json.dumps(fields)})
    message = rf"toy_vocoder\.safetensors: its MelFormat has {field} {value} where {fields_of(field)} is needed; export"
    with pytest.raises(VocoderError, match=message):
        load_vocoder(vocoder_path)


def fields_of(name: str) -> int:
    """What today's format has."""
    return getattr(MelFormat(), name)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="missing"),
        pytest.param("{", id="no JSON"),
        pytest.param("{}", id="sizes of another network"),
        pytest.param('{"chanels": [9, 8, 7]}', id="unknown key"),
        pytest.param(json.dumps(SIZES | {"width": 3}), id="a key too many"),
        pytest.param(json.dumps(SIZES | {"channels": 9}), id="a number for a list"),
        pytest.param(json.dumps(SIZES | {"channels": "987"}), id="a text for a list"),
        pytest.param(json.dumps(SIZES | {"dilations": [1, 3, 9]}), id="a block too many"),
        pytest.param(json.dumps(SIZES | {"channels": [9, 8, -7]}), id="negative size"),
        pytest.param(json.dumps(SIZES | {"channels": [9, 8]}), id="a size too few"),
        pytest.param(json.dumps(SIZES | {"stand_in_channels": 7}), id="another width of the stand-in"),
        pytest.param(json.dumps(SIZES | {"stand_in_channels": None}), id="no width of the stand-in"),
        pytest.param(json.dumps(SIZES | {"channels": [9, 8, 10**9]}), id="more than fits the memory"),
    ],
)
def test_bad_architecture_is_refused(vocoder_path: pathlib.Path, rewrite: Rewrite, text: str | None) -> None:
    rewrite(vocoder_path, metadata={"architecture": text})
    with pytest.raises(VocoderError, match=rf"toy_vocoder\.safetensors: entry 'architecture' .* needed|{DO_NOT_MAKE}"):
        load_vocoder(vocoder_path)


@pytest.mark.parametrize("text", ["[]", "5", "null", '"x"'])
def test_architecture_that_is_no_object_is_refused(vocoder_path: pathlib.Path, rewrite: Rewrite, text: str) -> None:
    rewrite(vocoder_path, metadata={"architecture": text})
    with pytest.raises(VocoderError, match=rf"toy_vocoder\.safetensors: entry 'architecture' .* needed|{DO_NOT_MAKE}"):
        load_vocoder(vocoder_path)


def test_architecture_that_misses_the_hop_is_refused(vocoder_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(vocoder_path, metadata={"architecture": json.dumps(SIZES | {"strides": [2, 5, 5]})})
    with pytest.raises(VocoderError, match="upsample by 250, the MelFormat needs 375"):
        load_vocoder(vocoder_path)


@pytest.mark.parametrize(
    "tensors",
    [{"pre.bias": None}, {"extra": np.zeros(3, np.float16)}, {"pre.bias": np.zeros(10, np.float16)}],
    ids=["missing", "one too many", "other shape"],
)
def test_tensors_that_do_not_fit_are_refused(
    vocoder_path: pathlib.Path, rewrite: Rewrite, tensors: dict[str, np.ndarray | None]
) -> None:
    rewrite(vocoder_path, tensors=tensors)
    with pytest.raises(VocoderError, match=DO_NOT_MAKE):
        load_vocoder(vocoder_path)


def test_tensor_that_does_not_fit_is_named(vocoder_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(vocoder_path, tensors={"pre.bias": np.zeros(10, np.float16)})
    with pytest.raises(VocoderError) as caught:
        load_vocoder(vocoder_path)
    assert "pre.bias" in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_tensor_that_is_not_finite_is_refused(vocoder_path: pathlib.Path, rewrite: Rewrite, value: float) -> None:
    rewrite(vocoder_path, tensors={"pre.bias": np.full(9, value, np.float16)})
    with pytest.raises(VocoderError, match=r"pre\.bias holds NaN or infinity"):
        load_vocoder(vocoder_path)
