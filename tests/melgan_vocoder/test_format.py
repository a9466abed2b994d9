"""The formats: the grid, the bands, their JSON by version, and what they refuse."""

import dataclasses
import json

import numpy as np
import pytest

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import FORMATS, LoopFormat, MelFormat, OneChannelFormat, read_format

BOTH = [MelFormat, OneChannelFormat]
OTHER = MelFormat(sample_rate=44_100, hop_length=441, n_frames=400, n_mels=80, f_min_hz=30.0, f_max_hz=16_000.0)
COUNTS = [(kind, field.name) for kind in BOTH for field in dataclasses.fields(kind) if field.type is int]


@pytest.mark.parametrize("kind", BOTH)
def test_loop_is_two_bars_at_120_bpm_and_a_sixteenth_is_16_frames(kind: type[LoopFormat]) -> None:
    fmt = kind()  # type: ignore[call-arg]
    assert (fmt.n_samples, fmt.duration_s, fmt.tempo_bpm) == (192_000, 4.0, 120.0)
    assert 60 / fmt.tempo_bpm / 4 * fmt.sample_rate == 16 * fmt.hop_length == 6000
    assert fmt.floor == pytest.approx(-1)


def test_version_1_has_one_channel_and_version_2_has_two() -> None:
    assert OneChannelFormat().spectrogram_shape == (1, 128, 512)
    assert MelFormat().spectrogram_shape == (2, 128, 512)
    assert {1: OneChannelFormat(), 2: MelFormat()} == FORMATS
    assert {version: fmt.version for version, fmt in FORMATS.items()} == {1: 1, 2: 2}


def test_derived_sizes_follow_the_fields() -> None:
    fmt = OneChannelFormat(sample_rate=1000, hop_length=10, n_frames=50, beats=2, n_mels=3, f_max_hz=400.0)
    assert (fmt.n_samples, fmt.duration_s, fmt.tempo_bpm) == (500, 0.5, 240.0)
    assert fmt.spectrogram_shape == (1, 3, 50)
    assert OneChannelFormat(floor_log10=-3.0, center_log10=-1.0, scale_log10=4.0).floor == pytest.approx(-0.5)


# --- bands


def test_40_bands_of_12_hz_lie_from_20_to_500_hz_and_88_logarithmic_ones_up_to_20_khz() -> None:
    edges = MelFormat().band_edges_hz
    assert edges.shape == (129,)
    np.testing.assert_allclose(edges[:41], 20 + 12 * np.arange(41))
    np.testing.assert_allclose(edges[40:], 500 * 40 ** (np.arange(89) / 88))
    assert edges[-1] == pytest.approx(20_000)


def test_centres_and_widths_are_those_of_the_edges() -> None:
    fmt = MelFormat()
    edges, centers, widths = fmt.band_edges_hz, fmt.band_centers_hz, fmt.bandwidths_hz
    assert centers.shape == widths.shape == (128,)
    np.testing.assert_allclose(centers[:40], 26 + 12 * np.arange(40))
    np.testing.assert_allclose(centers[40:] ** 2, edges[40:-1] * edges[41:])
    np.testing.assert_allclose(widths[:40], 12)
    np.testing.assert_allclose(widths[40:] / edges[40:-1], 40 ** (1 / 88) - 1)
    assert ((edges[:-1] < centers) & (centers < edges[1:])).all()


def test_low_bands_have_the_longer_window_and_the_gate_is_shorter_than_both() -> None:
    fmt = MelFormat()
    assert fmt.low_window > fmt.high_window
    assert fmt.gate_window < fmt.high_window / 2
    assert fmt.gate_window > 2 * fmt.hop_length / 3  # three to a frame leave nothing between them
    assert fmt.f_linear_hz < fmt.window_split_hz < fmt.f_max_hz


def test_other_bands_follow_the_fields() -> None:
    fmt = MelFormat(n_mels=6, n_linear=2, f_min_hz=100.0, f_linear_hz=200.0, f_max_hz=3200.0)
    np.testing.assert_allclose(fmt.band_edges_hz, [100, 150, 200, 400, 800, 1600, 3200])


# --- what is refused


@pytest.mark.parametrize("kind", BOTH)
def test_fields_cannot_be_changed_or_given_by_position(kind: type) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().hop_length = 256
    with pytest.raises(TypeError):
        kind(1)


@pytest.mark.parametrize(("kind", "name"), COUNTS, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("value", [0, -1, 2.5, True, "375"])
def test_count_that_is_no_whole_number_above_0_is_refused_by_name(kind: type, name: str, value: object) -> None:
    with pytest.raises(VocoderError, match=rf"MelFormat {name} is {value}, it must be at least 1"):
        kind(**{name: value})


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "edges", [(-1.0, 20_000.0), (300.0, 300.0), (400.0, 300.0), (20.0, 24_001.0), (float("nan"), 20_000.0)]
)
def test_bands_outside_zero_to_nyquist_are_refused(kind: type, edges: tuple[float, float]) -> None:
    with pytest.raises(VocoderError, match=r"bands go from .* they must rise within 0 to 24000 Hz; correct f_min_hz"):
        kind(f_min_hz=edges[0], f_max_hz=edges[1])


# --- JSON


@pytest.mark.parametrize("fmt", [MelFormat(), OTHER, OneChannelFormat(), OneChannelFormat(n_mels=80)], ids=str)
def test_json_round_trip_keeps_version_and_every_field(fmt: LoopFormat) -> None:
    again = read_format(fmt.to_json(), source="x")
    assert again == fmt
    assert type(again) is type(fmt)
    assert set(json.loads(fmt.to_json())) == {field.name for field in dataclasses.fields(type(fmt))}


def test_json_of_the_files_that_were_shipped_with_version_1_is_read() -> None:
    text = (
        '{"beats": 8, "center_log10": -2.2, "f_max_hz": 20000.0, "f_min_hz": 20.0, "floor_log10": -4.5, '
        '"hop_length": 375, "n_channels": 1, "n_fft": 2048, "n_frames": 512, "n_mels": 128, "sample_rate": 48000, '
        '"scale_log10": 2.3, "version": 1}'
    )
    assert read_format(text, source="x") == OneChannelFormat()


@pytest.mark.parametrize("text", [None, "", "{", "[1]", "5", "null", '{"hop": 375}', '{"hop_length": "375"}'])
def test_json_that_is_no_format_is_refused_with_file_and_entry(text: str | None) -> None:
    with pytest.raises(VocoderError, match=r"x\.safetensors: entry 'mel_format' .* needed"):
        read_format(text, source="x.safetensors")


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("field", ["hop_length", "f_min_hz"])
def test_a_field_that_is_no_number_is_refused(kind: type, field: str) -> None:
    fields = json.loads(kind().to_json()) | {field: "375"}
    with pytest.raises(VocoderError, match=r"x\.safetensors: its MelFormat cannot be read"):
        read_format(json.dumps(fields), source="x.safetensors")


@pytest.mark.parametrize("text", ["{}", '{"version": 1}', '{"version": 2}', '{"version": 3}', '{"version": null}'])
def test_json_that_lacks_fields_is_refused(text: str) -> None:
    with pytest.raises(VocoderError, match=r"lacks beats, .*, other fields are needed"):
        read_format(text, source="x.safetensors")


@pytest.mark.parametrize("version", [[], {}, [2]])
def test_version_that_is_no_number_is_refused(version: object) -> None:
    fields = json.loads(MelFormat().to_json()) | {"version": version}
    with pytest.raises(VocoderError, match=r"x\.safetensors: .*; export the file again"):
        read_format(json.dumps(fields), source="x.safetensors")


@pytest.mark.parametrize(("kind", "version"), [(MelFormat, 1), (OneChannelFormat, 2)])
def test_fields_of_one_version_under_the_number_of_another_are_refused(kind: type, version: int) -> None:
    fields = json.loads(kind().to_json()) | {"version": version}
    with pytest.raises(VocoderError, match=r"x\.safetensors: entry 'mel_format' .*, other fields are needed"):
        read_format(json.dumps(fields), source="x.safetensors")


def test_unknown_version_is_read_as_it_is_and_refused_by_the_known_one() -> None:
    later = read_format(MelFormat(version=3).to_json(), source="x")
    with pytest.raises(VocoderError, match=r"x: its MelFormat has version 3 where 2 is needed"):
        MelFormat().require(later, source="x")


# --- comparing


@pytest.mark.parametrize("kind", BOTH)
def test_require_accepts_an_equal_format(kind: type) -> None:
    kind().require(read_format(kind().to_json(), source="x"), source="x")


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind in BOTH for field in dataclasses.fields(kind)],
    ids=lambda value: getattr(value, "__name__", None) or value.name,
)
def test_require_names_the_differing_field_what_it_is_and_what_is_needed(kind: type, field: dataclasses.Field) -> None:
    got, needed = field.default + 1, field.default
    message = rf"a\.safetensors: its MelFormat has {field.name} {got} where {needed} is needed; export the file again"
    with pytest.raises(VocoderError, match=message):
        kind().require(dataclasses.replace(kind(), **{field.name: got}), source="a.safetensors")


def test_require_names_the_first_four_differing_fields() -> None:
    with pytest.raises(VocoderError) as caught:
        MelFormat().require(OTHER, source="a.safetensors")
    for name in ("sample_rate 44100", "hop_length 441", "n_frames 400", "n_mels 80"):
        assert name in str(caught.value)
    assert "f_min_hz" not in str(caught.value)
    assert "n_channels" not in str(caught.value)


def test_require_tells_the_versions_apart_and_what_one_of_them_lacks() -> None:
    with pytest.raises(
        VocoderError, match=r"has version 1 where 2 is needed, n_channels 1 where 2 .* n_linear missing"
    ):
        MelFormat().require(OneChannelFormat(), source="a")
    with pytest.raises(VocoderError, match=r"has version 2 where 1 is needed, n_channels 2 where 1 .* n_fft missing"):
        OneChannelFormat().require(MelFormat(), source="a")
