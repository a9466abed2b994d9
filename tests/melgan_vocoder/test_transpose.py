"""Transposed spectrograms: in tune through the vocoder, as loud, without holes, frame by frame."""

import functools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder import MelFormat, SpectrogramTransform, VocoderError, load_vocoder
from melgan_vocoder.transpose import Transposition, hann_power

FORMAT = MelFormat()
TRANSFORM = SpectrogramTransform(FORMAT)
CENTERS_HZ = torch.from_numpy(FORMAT.band_centers_hz)
N_SAMPLES = FORMAT.n_samples
HARMONICS = {"sine": (1, 0), "square": (1, 2), "saw": (1, 1)}
"""First harmonic, and the distance to the next one."""
LIMIT = FORMAT.frequency_limit


@functools.cache
def transposition() -> Transposition:
    return Transposition(FORMAT)


def transpose(spectrogram: Tensor, semitones: float) -> Tensor:
    with torch.inference_mode():
        return transposition()(spectrogram, semitones)


def spectrogram_of(*loops: np.ndarray) -> Tensor:
    with torch.inference_mode():
        return TRANSFORM(torch.from_numpy(np.stack(loops)).float())


@functools.cache
def tone(pitch_hz: float, waveform: str, highest_hz: float = 20_000.0) -> np.ndarray:
    """A held note that closes over the loop: its pitch is taken to the nearest quarter of a hertz."""
    first, step = HARMONICS[waveform]
    harmonics = np.arange(first, int(highest_hz / pitch_hz) + 1, step) if step else np.array([first])
    spectrum = np.zeros(N_SAMPLES // 2 + 1, complex)
    bins = round(pitch_hz * N_SAMPLES / FORMAT.sample_rate) * harmonics
    spectrum[bins] = 0.05 * N_SAMPLES / harmonics * 1j**harmonics
    return np.fft.irfft(spectrum)


@functools.cache
def noise() -> np.ndarray:
    """White from 20 Hz to 20 kHz."""
    spectrum = np.fft.rfft(0.1 * np.random.default_rng(3).standard_normal(N_SAMPLES))
    frequency_hz = np.fft.rfftfreq(N_SAMPLES, 1 / FORMAT.sample_rate)
    return np.fft.irfft(spectrum * ((frequency_hz > 20) & (frequency_hz < 20_000)))


@functools.cache
def analysed(pitch_hz: float, waveform: str, highest_hz: float = 20_000.0) -> Tensor:
    return spectrogram_of(tone(pitch_hz, waveform, highest_hz))


@functools.cache
def analysed_noise() -> Tensor:
    return spectrogram_of(noise())


def play(spectrogram: Tensor) -> np.ndarray:
    with torch.inference_mode():
        return load_vocoder()(spectrogram).numpy().astype(np.float64)


def decibels(spectrogram: Tensor) -> Tensor:
    """Level of each band and frame, re a full-scale sine."""
    return 20 * (spectrogram[:, 0].double() * FORMAT.scale_log10 + FORMAT.center_log10)


def power_of_bins(audio: np.ndarray) -> tuple[np.ndarray, float]:
    """Power spectrum of a loop under a Blackman window, and the hertz of a bin."""
    return np.abs(np.fft.rfft(audio * np.blackman(len(audio)), 2 * len(audio))) ** 2, FORMAT.sample_rate / (
        2 * len(audio)
    )


def partial(audio: np.ndarray, near_hz: float) -> tuple[float, float]:
    """Frequency and power of the loudest partial within a semitone and a half."""
    power, bin_hz = power_of_bins(audio)
    low, high = int(near_hz * 2 ** (-1 / 8) / bin_hz), int(near_hz * 2 ** (1 / 8) / bin_hz)
    peak = low + int(power[low:high].argmax())
    left, middle, right = np.log(power[peak - 1 : peak + 2])
    return (peak + 0.5 * (left - right) / (left - 2 * middle + right)) * bin_hz, float(power[peak - 8 : peak + 9].sum())


def octave_decibels(spectrogram: Tensor, lowest_hz: float) -> float:
    """Power of the bands centred in an octave, the mean over the frames."""
    chosen = (CENTERS_HZ / lowest_hz).log2().floor() == 0
    power = (10 ** (decibels(spectrogram)[:, chosen] / 10)).sum(dim=1).mean()
    return 10 * math.log10(power)


def test_keeps_the_shape_and_the_limits_even_of_a_model_that_overshoots() -> None:
    drawn = 3 * torch.randn(3, 2, 128, 40, generator=torch.Generator().manual_seed(5))
    transposed = transpose(drawn, 3.7)
    assert transposed.shape == drawn.shape
    assert transposed.dtype == torch.float32
    assert transposed.isfinite().all()
    assert transposed[:, 0].min() >= FORMAT.floor - 1e-5
    assert transposed[:, 1].abs().max() <= LIMIT


@pytest.mark.parametrize("semitones", [0, 0.0, -0.0])
def test_by_nothing_gives_the_same_bits(semitones: float) -> None:
    spectrogram = analysed_noise()
    assert torch.equal(transpose(spectrogram, semitones), spectrogram)


def test_by_next_to_nothing_changes_next_to_nothing() -> None:
    spectrogram = analysed(110.0, "saw")
    change = (transpose(spectrogram, 1e-4) - spectrogram).abs().mean(dim=(0, 2, 3))
    assert change[0] * FORMAT.scale_log10 < 0.02


@pytest.mark.parametrize("semitones", [12.5, -12.01, math.inf, math.nan])
def test_refuses_what_is_too_far(semitones: float) -> None:
    with pytest.raises(VocoderError, match=r"-12 to 12 are needed; transpose by less"):
        transpose(analysed(110.0, "sine"), semitones)


NOTES = [
    (41.25, "saw", 7),
    (55.0, "sine", -5),
    (110.0, "square", -12),
    (220.0, "saw", 12),
    (440.0, "sine", 1.5),
    (659.25, "square", -7),
]


@pytest.fixture(scope="module")
def played() -> list[np.ndarray]:
    spectrograms = [transpose(analysed(f, waveform), by) for f, waveform, by in NOTES]
    return list(play(torch.cat(spectrograms)))


@pytest.mark.parametrize("note", range(len(NOTES)), ids=[f"{f:g} Hz {w} {by:+g}" for f, w, by in NOTES])
def test_a_held_note_is_played_in_tune_and_as_loud(played: list[np.ndarray], note: int) -> None:
    pitch_hz, waveform, semitones = NOTES[note]
    expected_hz = pitch_hz * 2 ** (semitones / 12)
    (found_hz, now), (_, before) = partial(played[note], expected_hz), partial(tone(pitch_hz, waveform), pitch_hz)
    assert abs(1200 * math.log2(found_hz / expected_hz)) < 10
    assert abs(10 * math.log10(now / before)) < 2


@pytest.mark.parametrize("semitones", [-7, 5, 12])
def test_a_fifth_has_no_false_partials(semitones: int) -> None:
    ratio = 2 ** (semitones / 12)
    power, bin_hz = power_of_bins(
        play(transpose(spectrogram_of(tone(110.0, "sine") + tone(165.0, "sine")), semitones))[0]
    )
    frequency_hz = np.arange(len(power)) * bin_hz
    true = (np.abs(frequency_hz - 110 * ratio) < 5) | (np.abs(frequency_hz - 165 * ratio) < 5)
    assert 10 * math.log10(power[~true].max() / power.max()) < -30


@pytest.mark.parametrize("semitones", [-7, 5, 12])
@pytest.mark.parametrize("waveform", HARMONICS)
def test_looks_like_the_analysis_of_the_transposed_note(waveform: str, semitones: int) -> None:
    ratio = 2 ** (semitones / 12)
    true = analysed(146.75 * ratio, waveform, 20_000.0 * min(ratio, 1.0))[..., 64:-64]
    error = (transpose(analysed(146.75, waveform), semitones)[..., 64:-64] - true).abs()
    loud = decibels(true) > -60
    assert error[:, 0].mean() * FORMAT.scale_log10 < 0.04
    assert error[:, 0][loud].mean() * FORMAT.scale_log10 < 0.03
    assert error[:, 1][loud].mean() < 0.06


@pytest.mark.parametrize("semitones", [-12, -0.3, 12])
def test_silence_stays_at_the_floor(semitones: float) -> None:
    silence = torch.zeros(2, 2, 128, 16)
    silence[:, 0] = FORMAT.floor
    assert torch.allclose(transpose(silence, semitones), silence, atol=1e-6)


@pytest.mark.parametrize(("pitch_hz", "semitones"), [(15_000.0, 7), (30.0, -12)])
def test_what_leaves_the_range_is_gone(pitch_hz: float, semitones: float) -> None:
    transposed = transpose(analysed(pitch_hz, "sine"), semitones)[..., 64:-64]
    assert decibels(transposed).max() < -60


def test_far_from_a_note_it_is_silent() -> None:
    transposed = transpose(analysed(220.0, "sine"), 5)
    assert (decibels(transposed)[:, CENTERS_HZ > 2000] < -89.9).all()


def test_a_cut_is_transposed_as_the_whole_is() -> None:
    whole = torch.cat([analysed_noise(), analysed(110.0, "saw")])
    cut = transpose(whole[..., 100:117], -4.5)
    assert torch.allclose(cut, transpose(whole, -4.5)[..., 100:117], atol=1e-5)


@pytest.mark.parametrize("semitones", [-12, -5, 1, 7, 12])
def test_noise_fills_another_octave_as_loud(semitones: int) -> None:
    ratio = 2 ** (semitones / 12)
    before = analysed_noise()
    after = transpose(before, semitones)
    octaves_hz = [f for f in (80, 160, 320, 640, 1250, 2500, 5000) if 60 < f * ratio < 10_000]
    changes = [octave_decibels(after, f * ratio) - octave_decibels(before, f) for f in octaves_hz]
    assert np.abs(changes).max() < 1.5


def test_noise_has_no_holes_where_its_bands_are_moved_apart() -> None:
    before = analysed_noise()
    levels = decibels(transpose(before, 12))[:, (CENTERS_HZ > 90) & (CENTERS_HZ < 480)]
    levels_before = decibels(before)[:, (CENTERS_HZ > 45) & (CENTERS_HZ < 240)]
    depth, depth_before = (level.median() - level.flatten().quantile(0.05) for level in (levels, levels_before))
    assert depth < depth_before + 6


def test_the_window_s_transform_is_that_of_a_hann_window() -> None:
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    transform = np.abs(np.fft.rfft(window, 8 * 512))[:64] ** 2 / window.sum() ** 2
    assert hann_power(np.arange(64) / 8) == pytest.approx(transform, abs=1e-3)
