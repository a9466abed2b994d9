"""The model file: what it says about itself comes back, and every defect is one line."""

import dataclasses
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from melgan_vocoder.errors import LoopmorphError, VocoderError
from melgan_vocoder.format import LoopFormat, MelFormat, OneChannelFormat
from melgan_vocoder.weights_file import read_tensors
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError
from stylegan_audio.generator_weights import generator_tensors
from stylegan_audio.model_file import (
    CARD_KEYS,
    ROLES,
    ModelHeader,
    ModelIdentity,
    direction_tensor,
    read_model_header,
    write_model,
)

Rewrite = Callable[..., None]
CARD = dict.fromkeys(CARD_KEYS, "none")
IDENTITY: dict[str, Any] = {"name": "toy", "genre": "test tones", "role": "bass", "key": None, "card": CARD}


def test_shipped_drums_name_their_sound_its_licence_and_fit_in_10_mb(drums_header: ModelHeader) -> None:
    assert drums_header.name == "drums"
    assert drums_header.identity.role == "rhythm"
    assert drums_header.identity.key is None
    assert drums_header.identity.card["license"] == "CC0-1.0"
    assert drums_header.mel_format == OneChannelFormat()
    assert drums_header.weights.path.stat().st_size < 10e6


def test_header_round_trip_keeps_identity_sizes_format_and_directions(
    model_path: pathlib.Path, model_parts: Any
) -> None:
    header = read_model_header(model_path)
    assert header.identity == model_parts.identity
    assert header.config == model_parts.generator.config
    assert header.mel_format == MelFormat()
    assert header.directions == tuple(entry for entry, _ in model_parts.directions.values())
    assert header.name == "toy"


def test_tensors_round_trip_at_half_and_directions_at_full_precision(
    model_path: pathlib.Path, model_parts: Any
) -> None:
    header = read_model_header(model_path)
    tensors = read_tensors(header.weights)
    for name, array in generator_tensors(model_parts.generator).items():
        np.testing.assert_array_equal(np.squeeze(tensors.pop(name)), np.squeeze(array.astype(np.float16)))
    assert set(tensors) == {"direction.density", "direction.bass"}
    for name, (_, vector) in model_parts.directions.items():
        assert header.direction_vector(name).dtype == np.float32
        np.testing.assert_array_equal(header.direction_vector(name), vector)
        np.testing.assert_array_equal(tensors[direction_tensor(name)], vector)


def test_model_without_directions_has_an_empty_table(model_path: pathlib.Path, model_parts: Any) -> None:
    generator = model_parts.generator
    write_model(
        model_path,
        generator_tensors(generator),
        identity=model_parts.identity,
        config=generator.config,
        mel_format=generator.mel_format,
    )
    header = read_model_header(model_path)
    assert header.directions == ()
    assert not [name for name in header.weights.shapes if name.startswith("direction")]


def test_unknown_direction_is_refused_by_its_tensor(model_path: pathlib.Path) -> None:
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: tensors \['direction\.sparkle'\] are missing"):
        read_model_header(model_path).direction_vector("sparkle")


def test_missing_file_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(VocoderError, match=r"gone\.safetensors: no such file; a loopmorph model file"):
        read_model_header(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.5, 0.99999])
def test_file_cut_short_is_refused(model_path: pathlib.Path, share: float) -> None:
    whole = model_path.read_bytes()
    model_path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(VocoderError, match=r"bytes that are not a whole safetensors file .* a loopmorph model file"):
        read_model_header(model_path)


def test_file_that_is_no_safetensors_is_refused(model_path: pathlib.Path) -> None:
    model_path.write_text("a text, much longer than eight bytes")
    with pytest.raises(VocoderError, match="36 bytes that are not a whole safetensors file"):
        read_model_header(model_path)


def test_vocoder_is_refused_as_a_model(vocoder_path: pathlib.Path) -> None:
    with pytest.raises(VocoderError, match="holds 'loopmorph vocoder', a 'loopmorph model' is needed"):
        read_model_header(vocoder_path)


def test_other_version_is_refused(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, metadata={"format_version": "9"})
    with pytest.raises(VocoderError, match=r"toy\.safetensors: format version 9, version 1 is needed"):
        read_model_header(model_path)


@pytest.mark.parametrize("mel_format", [MelFormat(), OneChannelFormat()], ids=["two channels", "one channel"])
@pytest.mark.parametrize(
    ("field", "value", "needed"), [("hop_length", 275, "375"), ("f_max_hz", 16e3, "20000.0"), ("beats", 4, "8")]
)
def test_other_mel_format_is_refused_with_the_field(
    model_path: pathlib.Path, rewrite: Rewrite, mel_format: LoopFormat, field: str, value: float, needed: str
) -> None:
    fields = json.loads(mel_format.to_json()) | {field: value}
    rewrite(model_path, metadata={"mel_format": json.dumps(fields)})
    message = rf"toy\.safetensors: its MelFormat has {field} {value} where {needed} is needed"
    with pytest.raises(VocoderError, match=message):
        read_model_header(model_path)


def test_mel_format_of_an_unknown_version_is_refused_with_the_versions(
    model_path: pathlib.Path, rewrite: Rewrite
) -> None:
    fields = json.loads(MelFormat().to_json()) | {"version": 3}
    rewrite(model_path, metadata={"mel_format": json.dumps(fields)})
    with pytest.raises(VocoderError, match=r"toy\.safetensors: its MelFormat has version 3 where 2 is needed"):
        read_model_header(model_path)


def test_mel_format_of_one_version_with_the_fields_of_another_is_refused(
    model_path: pathlib.Path, rewrite: Rewrite
) -> None:
    fields = json.loads(MelFormat().to_json()) | {"version": 1}
    rewrite(model_path, metadata={"mel_format": json.dumps(fields)})
    with pytest.raises(
        VocoderError, match=r"toy\.safetensors: entry 'mel_format' lacks n_fft and has ceiling_log10, .* needed"
    ):
        read_model_header(model_path)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "5", "null", '{"channels": 5}', '{"width": 3}'])
def test_architecture_that_cannot_be_read_is_refused(
    model_path: pathlib.Path, rewrite: Rewrite, text: str | None
) -> None:
    rewrite(model_path, metadata={"architecture": text})
    with pytest.raises(VocoderError, match=r"toy\.safetensors: entry 'architecture' .* needed"):
        read_model_header(model_path)


def test_architecture_that_draws_another_size_is_refused(model_path: pathlib.Path, rewrite: Rewrite) -> None:
    rewrite(model_path, metadata={"architecture": ModelConfig(channels=(4, 4, 4)).to_json()})
    with pytest.raises(ModelError, match=r"toy\.safetensors: its architecture draws 16 x 64, the MelFormat needs 128"):
        read_model_header(model_path)


@pytest.mark.parametrize("entry", ["identity", "directions"])
@pytest.mark.parametrize("text", [None, "", "{", "5", "null"])
def test_identity_or_directions_that_cannot_be_read_are_refused(
    model_path: pathlib.Path, rewrite: Rewrite, entry: str, text: str | None
) -> None:
    rewrite(model_path, metadata={entry: text})
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: .*(identity|direction).*; export the file again"):
        read_model_header(model_path)


@pytest.mark.parametrize(
    "identity",
    [[], {}, {"name": "toy"}, IDENTITY | {"colour": "red"}, IDENTITY | {"name": 5}, IDENTITY | {"card": None}],
    ids=["a list", "empty", "lacks fields", "unknown field", "name is a number", "no card"],
)
def test_identity_of_other_fields_is_refused(model_path: pathlib.Path, rewrite: Rewrite, identity: object) -> None:
    rewrite(model_path, metadata={"identity": json.dumps(identity)})
    with pytest.raises(LoopmorphError, match=r"toy\.safetensors: (entry 'identity'|its identity cannot be read)"):
        read_model_header(model_path)


@pytest.mark.parametrize("key", CARD_KEYS)
def test_card_that_lacks_a_key_is_refused_by_model_and_key(
    model_path: pathlib.Path, rewrite: Rewrite, key: str
) -> None:
    card = {name: text for name, text in CARD.items() if name != key}
    rewrite(model_path, metadata={"identity": json.dumps(IDENTITY | {"card": card})})
    with pytest.raises(ModelError, match=rf"model 'toy': its card lacks {key}; complete the card"):
        read_model_header(model_path)


@pytest.mark.parametrize("change", [{"name": "A B"}, {"role": "noise"}, {"card": {}}], ids=str)
def test_defect_of_the_identity_names_the_file(
    model_path: pathlib.Path, rewrite: Rewrite, change: dict[str, Any]
) -> None:
    rewrite(model_path, metadata={"identity": json.dumps(IDENTITY | change)})
    with pytest.raises(ModelError) as caught:
        read_model_header(model_path)
    assert "toy.safetensors" in str(caught.value)


@pytest.mark.parametrize("entry", ["mel_format", "architecture", "identity", "directions"])
def test_deeply_nested_entry_is_refused(model_path: pathlib.Path, rewrite: Rewrite, entry: str) -> None:
    rewrite(model_path, metadata={entry: "[" * 100_000})
    with pytest.raises(LoopmorphError):
        read_model_header(model_path)


@pytest.mark.parametrize("name", ["", "-a", "Drums", "a b", "../a", "ä", "a" * 33, "a\n"])
def test_name_that_cannot_be_typed_or_stored_is_refused(name: str) -> None:
    with pytest.raises(
        ModelError, match=r"model name '.*': 1 to 32 lower-case letters, digits, '-' and '_' are needed"
    ):
        ModelIdentity(**IDENTITY | {"name": name})


@pytest.mark.parametrize("name", ["a", "0", "deep-house_2", "a" * 32])
@pytest.mark.parametrize("role", ROLES)
def test_plain_names_and_all_roles_are_accepted(name: str, role: str) -> None:
    identity = ModelIdentity(**IDENTITY | {"name": name, "role": role})
    assert (identity.name, identity.role, identity.key) == (name, role, None)


def test_unknown_role_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match="role 'noise' must be one of rhythm, bass, pad, texture; correct it"):
        ModelIdentity(**IDENTITY | {"role": "noise"})


def test_card_that_lacks_several_keys_names_them_all() -> None:
    with pytest.raises(ModelError, match="its card lacks corpus, license, provenance, kimg, metrics; complete"):
        ModelIdentity(**IDENTITY | {"card": {}})


def test_header_and_identity_cannot_be_changed(drums_header: ModelHeader) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        drums_header.identity.name = "x"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        drums_header.config = None  # type: ignore[misc,assignment]


def test_file_holds_text_and_tensors_only(model_path: pathlib.Path) -> None:
    with safe_open(model_path, framework="np") as file:
        entries = file.metadata()
    described = ("mel_format", "architecture", "identity", "directions", "presets")
    assert set(entries) == {"kind", "format_version", *described}
    assert entries["kind"] == "loopmorph model"
    for key in described:
        json.loads(entries[key])
