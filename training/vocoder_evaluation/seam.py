"""The end of a loop: whether its step to the first sample could be told from any other."""

import numpy as np

QUIET_STEP = 0.5
"""An original whose own step at the seam exceeds this share of its largest one has an attack there."""


def seam_step(audio: np.ndarray) -> float:
    """Compare the step over a loop's end with the largest one elsewhere in it.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop.

    Returns
    -------
    float
        Step from the last sample to the first re the largest one between neighbours; 0 for a constant loop.
    """
    step = abs(float(audio[0]) - float(audio[-1]))
    largest = float(np.abs(np.diff(audio.astype(float))).max())
    return step / largest if largest > 0 else float(np.sign(step))


def heard_seam(original: np.ndarray, resynthesised: np.ndarray) -> float | None:
    """Measure the seam of a loop, unless an attack stands there.

    Parameters
    ----------
    original, resynthesised : np.ndarray [shape=(n_samples,)]
        Loop before and after.

    Returns
    -------
    float or None
        `seam_step` after; above 1 it is heard as a seam. None if the original itself steps there.
    """
    return None if seam_step(original) > QUIET_STEP else seam_step(resynthesised)
