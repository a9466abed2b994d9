"""audio -> mel of format version 1: against a direct computation in float64, circular in time."""

import numpy as np
import pytest
import torch

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import OneChannelFormat
from melgan_vocoder.one_channel import OneChannelTransform

FORMAT = OneChannelFormat(n_frames=64)
TRANSFORM = OneChannelTransform(FORMAT)
FLOOR = -1.0


def hz_of_mel(mel: np.ndarray) -> np.ndarray:
    """Slaney's mel scale: linear below 1 kHz (3 mel are 200 Hz), 27 mel to a factor of 6.4 above."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))


def mel_of_hz(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)


def direct_filter_bank(fmt: OneChannelFormat) -> np.ndarray:
    """Triangles between neighbouring mel edges, one band at a time."""
    edges_hz = hz_of_mel(np.linspace(mel_of_hz(fmt.f_min_hz), mel_of_hz(fmt.f_max_hz), fmt.n_mels + 2))
    hz = np.arange(1 + fmt.n_fft // 2) * fmt.sample_rate / fmt.n_fft
    bank = []
    for low, centre, high in zip(edges_hz, edges_hz[1:], edges_hz[2:], strict=False):
        bank.append(np.maximum(0, np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre))))
    return np.stack(bank)


def direct_mel(audio: np.ndarray, fmt: OneChannelFormat) -> np.ndarray:
    """The formula, one frame at a time in float64, samples taken modulo the loop."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(fmt.n_fft) / fmt.n_fft)
    columns = []
    for frame in range(len(audio) // fmt.hop_length):
        index = (frame * fmt.hop_length + np.arange(-(fmt.n_fft // 2), fmt.n_fft // 2)) % len(audio)
        bands = direct_filter_bank(fmt) @ np.abs(np.fft.rfft(audio[index] * window)) / (fmt.n_fft / 4)
        columns.append((np.log10(np.maximum(bands, 10**-4.5)) + 2.2) / 2.3)
    return np.stack(columns, axis=1)


def analyse(audio: np.ndarray, transform: OneChannelTransform = TRANSFORM) -> np.ndarray:
    """The mel of one loop, `[n_mels, n_frames]`."""
    with torch.inference_mode():
        return transform(torch.from_numpy(np.asarray(audio, np.float32))[None])[0, 0].numpy()


@pytest.mark.parametrize("n_samples", [1125, 3000, FORMAT.n_samples])
def test_shape_dtype_and_range_of_a_batch_of_any_length(rng: np.random.Generator, n_samples: int) -> None:
    mel = TRANSFORM(torch.from_numpy(rng.uniform(-1, 1, (3, n_samples)).astype(np.float32)))
    assert mel.shape == (3, 1, 128, n_samples // 375)
    assert mel.dtype == torch.float32
    assert mel.isfinite().all()
    assert FLOOR - 1e-6 <= mel.min() < mel.max() < 1.5


def test_default_format_is_that_of_version_1() -> None:
    assert OneChannelTransform().mel_format == OneChannelFormat()


def test_filter_bank_is_slaney_triangles_without_area_normalisation() -> None:
    assert TRANSFORM.filter_bank.dtype == torch.float32
    np.testing.assert_allclose(TRANSFORM.filter_bank.numpy(), direct_filter_bank(FORMAT), atol=1e-5)


@pytest.mark.parametrize("n_mels", [24, 128])
@pytest.mark.parametrize("sound", ["noise", "noise near the floor", "60 Hz", "5 kHz", "click at 0", "click between"])
def test_equals_the_formula_computed_directly(rng: np.random.Generator, sound: str, n_mels: int) -> None:
    fmt = OneChannelFormat(n_mels=n_mels)
    time_s = np.arange(8 * 375) / fmt.sample_rate
    audio = {
        "noise": rng.uniform(-1, 1, time_s.size),
        "noise near the floor": 1e-4 * rng.standard_normal(time_s.size),
        "60 Hz": 0.7 * np.sin(2 * np.pi * 60 * time_s),
        "5 kHz": np.sin(2 * np.pi * 5000 * time_s),
        "click at 0": np.eye(1, time_s.size, 0)[0],
        "click between": np.eye(1, time_s.size, 1687)[0],
    }[sound]
    np.testing.assert_allclose(analyse(audio, OneChannelTransform(fmt)), direct_mel(audio, fmt), atol=1e-3)


def test_batch_equals_one_at_a_time(rng: np.random.Generator) -> None:
    audio = torch.from_numpy(rng.uniform(-1, 1, (3, 3000)).astype(np.float32))
    one_at_a_time = torch.cat([TRANSFORM(loop[None]) for loop in audio])
    torch.testing.assert_close(TRANSFORM(audio), one_at_a_time, atol=1e-5, rtol=0)


def test_silence_is_minus_one_and_double_the_amplitude_adds_log10_of_2(rng: np.random.Generator) -> None:
    np.testing.assert_allclose(analyse(np.zeros(3000)), -1, atol=1e-6)
    audio = rng.uniform(-0.5, 0.5, 3000)
    np.testing.assert_allclose(analyse(2 * audio) - analyse(audio), np.log10(2) / 2.3, atol=1e-4)


@pytest.mark.parametrize("n_frames", [1, 5, 63])
def test_rolling_by_frames_rolls_the_mel(rng: np.random.Generator, n_frames: int) -> None:
    audio = rng.uniform(-1, 1, FORMAT.n_samples)
    rolled = analyse(np.roll(audio, n_frames * FORMAT.hop_length))
    np.testing.assert_allclose(rolled, np.roll(analyse(audio), n_frames, axis=1), atol=1e-5)


def test_click_at_sample_0_looks_the_same_from_both_ends_of_the_loop() -> None:
    mel = analyse(np.eye(1, FORMAT.n_samples, 0)[0])
    for distance in (1, 2):
        assert mel[:, distance].max() > FLOOR + 0.1
        np.testing.assert_allclose(mel[:, distance], mel[:, -distance], atol=1e-3)
    np.testing.assert_allclose(mel[:, 3:-2], FLOOR, atol=1e-5)  # half a window is 2.7 hops
    assert mel[:, 0].mean() > mel[:, 1].mean() > mel[:, 2].mean()


def test_gradient_reaches_every_sample_of_the_loop_and_is_finite_on_silence(rng: np.random.Generator) -> None:
    audio = torch.from_numpy(rng.uniform(-1, 1, (2, 3000)).astype(np.float32))
    audio[1] = 0
    audio.requires_grad_()
    TRANSFORM(audio).sum().backward()
    assert audio.grad is not None
    assert audio.grad.isfinite().all()
    assert (audio.grad[0] != 0).all()


def test_has_nothing_to_learn_or_to_store() -> None:
    assert not TRANSFORM.state_dict()
    assert not list(TRANSFORM.parameters())


@pytest.mark.parametrize("n_samples", [0, 375, 750, 1124, 3001, 2999])
def test_length_that_is_no_loop_is_refused(n_samples: int) -> None:
    message = rf"audio has {n_samples} samples, a multiple of 375 of at least 1024 is needed; cut or pad the loop"
    with pytest.raises(VocoderError, match=message):
        TRANSFORM(torch.zeros(1, n_samples))
