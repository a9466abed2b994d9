"""audio -> mel: against a direct computation in float64, circular in time."""

import numpy as np
import pytest

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.mel import mel_filter_bank, mel_spectrogram

FORMAT = MelFormat(n_frames=64)
FLOOR = (FORMAT.floor_log10 - FORMAT.center_log10) / FORMAT.scale_log10


def hz_of_mel(mel: np.ndarray) -> np.ndarray:
    """Slaney's mel scale: linear below 1 kHz (3 mel are 200 Hz), 27 mel to a factor of 6.4 above."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def mel_of_hz(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)


def direct_filter_bank(fmt: MelFormat) -> np.ndarray:
    """Triangles between neighbouring mel edges, one bin at a time."""
    edges_hz = hz_of_mel(np.linspace(mel_of_hz(fmt.f_min_hz), mel_of_hz(fmt.f_max_hz), fmt.n_mels + 2))
    bank = np.zeros((fmt.n_mels, 1 + fmt.n_fft // 2))
    for band in range(fmt.n_mels):
        low, centre, high = edges_hz[band : band + 3]
        for k in range(bank.shape[1]):
            hz = k * fmt.sample_rate / fmt.n_fft
            bank[band, k] = max(0.0, min((hz - low) / (centre - low), (high - hz) / (high - centre)))
    return bank


def direct_mel(audio: np.ndarray, fmt: MelFormat) -> np.ndarray:
    """The formula, one frame at a time in float64, samples taken modulo the loop."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(fmt.n_fft) / fmt.n_fft)
    columns = []
    for frame in range(len(audio) // fmt.hop_length):
        index = (frame * fmt.hop_length + np.arange(-(fmt.n_fft // 2), fmt.n_fft // 2)) % len(audio)
        bands = direct_filter_bank(fmt) @ np.abs(np.fft.rfft(audio[index] * window)) / (fmt.n_fft / 4)
        columns.append((np.log10(np.maximum(bands, 10**fmt.floor_log10)) - fmt.center_log10) / fmt.scale_log10)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("shape", [(3000,), (2, 3000), (2, 3, 1125)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_dtype_and_range(rng: np.random.Generator, shape: tuple[int, ...], dtype: type) -> None:
    mel = mel_spectrogram(rng.uniform(-1, 1, shape).astype(dtype), FORMAT)
    assert mel.shape == (*shape[:-1], 128, shape[-1] // 375)
    assert mel.dtype == np.float32
    assert np.isfinite(mel).all()
    assert FLOOR <= mel.min() < mel.max() < 1.5


def test_filter_bank_is_slaney_triangles_without_area_normalisation() -> None:
    bank = mel_filter_bank(FORMAT)
    assert bank.dtype == np.float32
    np.testing.assert_allclose(bank, direct_filter_bank(FORMAT), atol=1e-5)


@pytest.mark.parametrize("sound", ["noise", "60 Hz", "5 kHz", "click at 0"])
def test_equals_the_formula_computed_directly(rng: np.random.Generator, sound: str) -> None:
    fmt = MelFormat(n_mels=24)  # the direct bank is slow
    time_s = np.arange(8 * 375) / fmt.sample_rate
    audio = {
        "noise": rng.uniform(-1, 1, time_s.size),
        "60 Hz": 0.7 * np.sin(2 * np.pi * 60 * time_s),
        "5 kHz": np.sin(2 * np.pi * 5000 * time_s),
        "click at 0": np.eye(1, time_s.size, 0)[0],
    }[sound]
    np.testing.assert_allclose(mel_spectrogram(audio, fmt), direct_mel(audio, fmt), atol=1e-3)


def test_batch_equals_one_at_a_time(rng: np.random.Generator) -> None:
    audio = rng.uniform(-1, 1, (3, 3000)).astype(np.float32)
    np.testing.assert_array_equal(mel_spectrogram(audio, FORMAT), [mel_spectrogram(loop, FORMAT) for loop in audio])


def test_silence_is_minus_one_and_double_the_amplitude_adds_log10_of_2(rng: np.random.Generator) -> None:
    np.testing.assert_allclose(mel_spectrogram(np.zeros(3000), FORMAT), -1, atol=1e-6)
    audio = rng.uniform(-0.5, 0.5, 3000)
    louder = mel_spectrogram(2 * audio, FORMAT) - mel_spectrogram(audio, FORMAT)
    np.testing.assert_allclose(louder, np.log10(2) / 2.3, atol=1e-4)


@pytest.mark.parametrize("n_frames", [1, 5, 63])
def test_rolling_by_frames_rolls_the_mel(rng: np.random.Generator, n_frames: int) -> None:
    audio = rng.uniform(-1, 1, FORMAT.n_samples).astype(np.float32)
    rolled = mel_spectrogram(np.roll(audio, n_frames * FORMAT.hop_length), FORMAT)
    np.testing.assert_allclose(rolled, np.roll(mel_spectrogram(audio, FORMAT), n_frames, axis=1), atol=1e-5)


def test_click_at_sample_0_looks_the_same_from_both_ends_of_the_loop() -> None:
    mel = mel_spectrogram(np.eye(1, FORMAT.n_samples, 0, dtype=np.float32)[0], FORMAT)
    for distance in (1, 2):
        assert mel[:, distance].max() > FLOOR + 0.1
        np.testing.assert_allclose(mel[:, distance], mel[:, -distance], atol=1e-3)
    np.testing.assert_allclose(mel[:, 3:-2], FLOOR, atol=1e-5)  # half a window is 2.7 hops
    assert mel[:, 0].mean() > mel[:, 1].mean() > mel[:, 2].mean()


@pytest.mark.parametrize("n_samples", [0, 375, 750, 1124, 3001, 2999])
def test_length_that_is_no_loop_is_refused(n_samples: int) -> None:
    message = rf"audio has {n_samples} samples, a multiple of 375 of at least 1024 is needed; cut or pad the loop"
    with pytest.raises(VocoderError, match=message):
        mel_spectrogram(np.zeros(n_samples, np.float32), FORMAT)
