"""audio -> mel with torch: agrees with its numpy twin, lets gradients through."""

import numpy as np
import pytest
import torch

from melgan_vocoder.differentiable_mel import DifferentiableMel
from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.mel import mel_spectrogram

FORMAT = MelFormat(n_frames=64)
N_SAMPLES = FORMAT.n_samples
TIME_S = np.arange(N_SAMPLES) / FORMAT.sample_rate
SOUNDS = {
    "noise": np.random.default_rng(1).uniform(-1, 1, N_SAMPLES),
    "noise near the floor": 1e-4 * np.random.default_rng(2).standard_normal(N_SAMPLES),
    "60 Hz": np.sin(2 * np.pi * 60 * TIME_S),
    "997 Hz": 0.5 * np.sin(2 * np.pi * 997 * TIME_S),
    "15 kHz": np.sin(2 * np.pi * 15_000 * TIME_S),
    "click at sample 0": np.eye(1, N_SAMPLES, 0)[0],
    "click at the last sample": np.eye(1, N_SAMPLES, N_SAMPLES - 1)[0],
    "click between frames": np.eye(1, N_SAMPLES, 3187)[0],
    "silence": np.zeros(N_SAMPLES),
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_agrees_with_the_numpy_twin_within_1e_3(sound: str) -> None:
    audio = SOUNDS[sound].astype(np.float32)
    twin = DifferentiableMel(FORMAT)(torch.from_numpy(audio)[None])[0].numpy()
    np.testing.assert_allclose(twin, mel_spectrogram(audio, FORMAT), atol=1e-3)


@pytest.mark.parametrize("n_samples", [1125, 3000, N_SAMPLES])
def test_shape_and_dtype_of_a_batch_of_any_length(rng: np.random.Generator, n_samples: int) -> None:
    mel = DifferentiableMel(FORMAT)(torch.from_numpy(rng.uniform(-1, 1, (3, n_samples)).astype(np.float32)))
    assert mel.shape == (3, 128, n_samples // 375)
    assert mel.dtype == torch.float32
    assert mel.isfinite().all()


def test_rolling_by_frames_rolls_the_mel(rng: np.random.Generator) -> None:
    audio = torch.from_numpy(rng.uniform(-1, 1, (1, N_SAMPLES)).astype(np.float32))
    transform = DifferentiableMel(FORMAT)
    torch.testing.assert_close(transform(audio.roll(7 * 375, -1)), transform(audio).roll(7, -1), atol=1e-5, rtol=0)


def test_gradient_reaches_every_sample_of_the_loop_and_is_finite_on_silence(rng: np.random.Generator) -> None:
    audio = torch.from_numpy(rng.uniform(-1, 1, (2, 3000)).astype(np.float32))
    audio[1] = 0
    audio.requires_grad_()
    DifferentiableMel(FORMAT)(audio).sum().backward()
    assert audio.grad is not None
    assert audio.grad.isfinite().all()
    assert (audio.grad[0] != 0).all()


def test_has_nothing_to_learn_or_to_store() -> None:
    assert not DifferentiableMel(FORMAT).state_dict()
    assert not list(DifferentiableMel(FORMAT).parameters())


@pytest.mark.parametrize("n_samples", [375, 3001])
def test_length_that_is_no_loop_is_refused(n_samples: int) -> None:
    with pytest.raises(VocoderError, match=rf"audio has {n_samples} samples, a multiple of 375 of at least 1024"):
        DifferentiableMel(FORMAT)(torch.zeros(1, n_samples))
