"""MelFormat: the grid, its JSON, and what it refuses."""

import dataclasses
import json

import pytest

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat

COUNTS = ("sample_rate", "hop_length", "n_frames", "n_fft", "n_mels", "n_channels", "beats")
OTHER = MelFormat(sample_rate=44_100, hop_length=441, n_frames=400, n_mels=80, f_min_hz=30.0, f_max_hz=16_000.0)


def test_loop_is_two_bars_at_120_bpm_and_a_sixteenth_is_16_frames() -> None:
    fmt = MelFormat()
    assert (fmt.n_samples, fmt.duration_s, fmt.tempo_bpm) == (192_000, 4.0, 120.0)
    assert fmt.spectrogram_shape == (1, 128, 512)
    assert 60 / fmt.tempo_bpm / 4 * fmt.sample_rate == 16 * fmt.hop_length == 6000


def test_derived_sizes_follow_the_fields() -> None:
    fmt = MelFormat(sample_rate=1000, hop_length=10, n_frames=50, beats=2, n_mels=3, n_channels=2, f_max_hz=400.0)
    assert (fmt.n_samples, fmt.duration_s, fmt.tempo_bpm) == (500, 0.5, 240.0)
    assert fmt.spectrogram_shape == (2, 3, 50)


def test_fields_cannot_be_changed_or_given_by_position() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        MelFormat().hop_length = 256  # type: ignore[misc]
    with pytest.raises(TypeError):
        MelFormat(1)  # type: ignore[misc]


@pytest.mark.parametrize("name", COUNTS)
def test_count_below_one_is_refused_by_name(name: str) -> None:
    with pytest.raises(VocoderError, match=rf"MelFormat {name} is 0, it must be at least 1"):
        MelFormat(**{name: 0})


@pytest.mark.parametrize(
    "edges", [(-1.0, 20_000.0), (300.0, 300.0), (400.0, 300.0), (20.0, 24_001.0), (float("nan"), 20_000.0)]
)
def test_bands_outside_zero_to_nyquist_are_refused(edges: tuple[float, float]) -> None:
    with pytest.raises(VocoderError, match=r"bands go from .* they must rise within 0 to 24000 Hz; correct f_min_hz"):
        MelFormat(f_min_hz=edges[0], f_max_hz=edges[1])


def test_json_round_trip_keeps_every_field() -> None:
    assert MelFormat.from_json(OTHER.to_json(), source="x") == OTHER
    assert set(json.loads(OTHER.to_json())) == {field.name for field in dataclasses.fields(MelFormat)}


@pytest.mark.parametrize("text", [None, "", "{", "[1]", "5", "null", '{"hop": 375}', '{"hop_length": "375"}'])
def test_json_that_is_no_format_is_refused_with_file_and_entry(text: str | None) -> None:
    with pytest.raises(VocoderError, match=r"x\.safetensors: entry 'mel_format' .* needed"):
        MelFormat.from_json(text, source="x.safetensors")


def test_a_field_that_is_no_number_is_refused() -> None:
    fields = json.loads(MelFormat().to_json()) | {"hop_length": "375"}
    with pytest.raises(VocoderError, match=r"x\.safetensors: its MelFormat cannot be read"):
        MelFormat.from_json(json.dumps(fields), source="x.safetensors")


@pytest.mark.parametrize("text", ["{}", '{"version": 1}'])
def test_json_that_lacks_fields_is_refused(text: str) -> None:
    with pytest.raises(VocoderError, match=r"lacks beats, .*, other fields are needed"):
        MelFormat.from_json(text, source="x.safetensors")


def test_require_accepts_an_equal_format() -> None:
    MelFormat().require(MelFormat.from_json(MelFormat().to_json(), source="x"), source="x")


@pytest.mark.parametrize("field", dataclasses.fields(MelFormat), ids=lambda field: field.name)
def test_require_names_the_differing_field_what_it_is_and_what_is_needed(field: dataclasses.Field) -> None:
    got, needed = field.default + 1, field.default
    message = rf"a\.safetensors: its MelFormat has {field.name} {got} where {needed} is needed; export the file again"
    with pytest.raises(VocoderError, match=message):
        MelFormat().require(dataclasses.replace(MelFormat(), **{field.name: got}), source="a.safetensors")


def test_require_names_all_differing_fields() -> None:
    with pytest.raises(VocoderError) as caught:
        MelFormat().require(OTHER, source="a.safetensors")
    for name in ("sample_rate 44100", "hop_length 441", "n_frames 400", "n_mels 80", "f_min_hz 30.0", "f_max_hz 16000"):
        assert name in str(caught.value)
    assert "n_fft" not in str(caught.value)
