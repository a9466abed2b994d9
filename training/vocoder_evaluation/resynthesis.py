"""Loops -> the same loops after analysis and vocoder, a few at a time."""

from collections.abc import Callable

import numpy as np

from melgan_vocoder.format import MelFormat
from training.errors import TrainingError

Resynthesise = Callable[[np.ndarray], np.ndarray]
"""float32 loops `[B, n_samples]` -> the loops resynthesised, equal shape; both exactly periodic."""
Advance = Callable[[int], None]
"""Called with the number of loops just done, for a progress bar."""

SAMPLE_RATE = MelFormat().sample_rate
N_SAMPLES = MelFormat().n_samples
BATCH_SIZE = 8


def resynthesise_all(resynthesise: Resynthesise, loops: np.ndarray, *, advance: Advance) -> np.ndarray:
    """Send loops through a vocoder in batches of at most `BATCH_SIZE`.

    Parameters
    ----------
    resynthesise : callable
        The vocoder under test.
    loops : np.ndarray [shape=(n_loops, n_samples)]
        float32 loops in [-1, 1].
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    np.ndarray [shape=(n_loops, n_samples)]
        float32, what came back.

    Raises
    ------
    TrainingError
        If what came back has another shape or is not finite.
    """
    batches = []
    for start in range(0, len(loops), BATCH_SIZE):
        batch = np.ascontiguousarray(loops[start : start + BATCH_SIZE], dtype=np.float32)
        batches.append(checked(np.asarray(resynthesise(batch.copy())), batch.shape))
        advance(len(batch))
    return np.concatenate(batches)


def checked(audio: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pass on a batch of `shape` that is all finite.

    Raises
    ------
    TrainingError
        If it is not.
    """
    if audio.shape != shape:
        raise TrainingError(
            f"resynthesise gave shape {audio.shape}, {shape} is needed; return one loop of equal length for each"
        )
    if not np.isfinite(audio).all():
        raise TrainingError(
            f"resynthesise gave {np.count_nonzero(~np.isfinite(audio))} samples that are not numbers, finite audio "
            "is needed; check the vocoder's weights"
        )
    return audio.astype(np.float32)
