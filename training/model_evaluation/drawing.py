"""Seed -> the model's loops, batch by batch."""

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from stylegan_audio.generator import Generator
from training.errors import TrainingError

BATCH = 4
"""Loops drawn at a time."""


def draw_w(generator: Generator, rng: np.random.Generator, *, n_loops: int, truncation_psi: float) -> Tensor:
    """Draw mapped latents.

    Parameters
    ----------
    generator : Generator
        The model, on any device.
    rng : np.random.Generator
        What the input latents are drawn from.
    n_loops : int
        How many.
    truncation_psi : float
        0 to 1 (no truncation).

    Returns
    -------
    Tensor [shape=(n_loops, w_dim)]
        float32, on the model's device.
    """
    z = torch.from_numpy(rng.standard_normal((n_loops, generator.config.z_dim)).astype(np.float32))
    with torch.inference_mode():
        return generator.map(z.to(generator.w_avg.device), truncation_psi=truncation_psi)


def draw_batches(generator: Generator, w: Tensor, *, bfloat16: bool = False) -> Iterator[np.ndarray]:
    """Draw spectrograms.

    Parameters
    ----------
    generator : Generator
        The model.
    w : Tensor [shape=(n, w_dim)]
        Mapped latents.
    bfloat16 : bool
        Whether features are computed in bfloat16, on processors that multiply it at two to three times the speed.

    Yields
    ------
    np.ndarray [shape=(B, n_channels, n_mels, n_frames)]
        float32, `B` at most `BATCH`.

    Raises
    ------
    TrainingError
        If a value is not finite.
    """
    for start in range(0, len(w), BATCH):
        with torch.inference_mode(), feature_dtype(generator, torch.bfloat16 if bfloat16 else torch.float32):
            spectrograms = generator.synthesis(generator.broadcast(w[start : start + BATCH]))
        if not bool(spectrograms.isfinite().all()):
            raise TrainingError(
                f"model: a loop among number {start} to {start + len(spectrograms) - 1} is not finite, numbers are "
                "needed; train it further or with a smaller learning rate"
            )
        yield spectrograms.cpu().numpy()


@contextlib.contextmanager
def feature_dtype(generator: Generator, dtype: torch.dtype) -> Iterator[None]:
    """Let a model compute its features in another type for a while."""
    before = generator.synthesis.feature_dtype
    generator.synthesis.feature_dtype = dtype
    try:
        yield
    finally:
        generator.synthesis.feature_dtype = before
