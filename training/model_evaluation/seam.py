"""The end of drawn loops: whether the mel steps more there than elsewhere."""

import numpy as np

SILENT_STEP = 1e-6
"""A loop whose mel never steps by more has no seam to be heard."""


def mel_steps(mel: np.ndarray) -> np.ndarray:
    """Measure how much each frame of a mel differs from the one before it.

    Parameters
    ----------
    mel : np.ndarray [shape=(B, n_mels, n_frames)]
        Normalised log-mel.

    Returns
    -------
    np.ndarray [shape=(B, n_frames)]
        float32: mean absolute difference of a band; frame 0 from the last one.
    """
    return np.abs(mel - np.roll(mel, 1, axis=2)).mean(axis=1).astype(np.float32)


def seam_figures(steps: np.ndarray) -> dict[str, float]:
    """Compare the step over the end of loops with those elsewhere.

    Parameters
    ----------
    steps : np.ndarray [shape=(n, n_frames)]
        What `mel_steps` returned.

    Returns
    -------
    dict of str to float
        `mel_step_p95`: step at the seam re the largest elsewhere in the loop, 95th percentile; `mel_largest_share`:
        of the loops in which it is the largest; `mel_over_bar_line`: mean step at the seam re that at the bar line in
        the middle, which real loops, that turn, cannot tell from it.
    """
    steps = np.maximum(steps.astype(np.float64), SILENT_STEP)
    largest = steps[:, 1:].max(axis=1)
    ratio = steps[:, 0] / largest
    return {
        "mel_step_p95": float(np.quantile(ratio, 0.95)),
        "mel_largest_share": float((ratio > 1).mean()),
        "mel_over_bar_line": float(steps[:, 0].mean() / steps[:, steps.shape[1] // 2].mean()),
    }
