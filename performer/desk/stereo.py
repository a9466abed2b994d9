"""Four mono loops -> stereo: how much of each is heard left and right, at a loudness that stays put."""

import math

import numpy as np

from performer.desk.compiled import compiled

BALANCES = np.array([2.5, -2.5, 1.25, -1.25])
"""How far each loop leans to the left (positive) or right at full width; they sum to nothing. Beyond 1 a loop is
subtracted on the far side, which widens what the loops do not share; their mono sum never changes."""
LOUDNESS_POWER = 10.0**-2.0
"""K-weighted mean power of a channel at which every deck plays before its fader."""
MOST_GAIN = 8.0
"""No loop is raised by more, 18 dB."""


@compiled
def set_weights(weights: np.ndarray, width: float, right: float, up: float) -> None:
    """Weigh the four loops in the left and right channel.

    Each channel's weights sum to 1, so that what the loops share keeps its level and stays in the middle.

    Parameters
    ----------
    weights : np.ndarray [shape=(2, 4)]
        float64, overwritten.
    width : float
        0 (mono) to 1 (wide).
    right, up : float
        Place among the four loops, 0 to 1; all are equal at 0.5, 0.5, and in a corner one is alone.
    """
    weights[0, 0], weights[0, 1] = (1.0 - right) * (1.0 - up), right * (1.0 - up)
    weights[0, 2], weights[0, 3] = (1.0 - right) * up, right * up
    middle = 0.0
    for loop in range(4):
        middle += weights[0, loop] * BALANCES[loop]
    for loop in range(4):
        share, lean = weights[0, loop], width * (BALANCES[loop] - middle)
        weights[0, loop] = share * (1.0 + lean)
        weights[1, loop] = share * (1.0 - lean)


@compiled
def loudness_gain(weights: np.ndarray, covariance: np.ndarray) -> float:
    """Gain that brings a mix of four loops to the loudness of every deck.

    Parameters
    ----------
    weights : np.ndarray [shape=(2, 4)]
        From `set_weights`.
    covariance : np.ndarray [shape=(4, 4)]
        K-weighted covariance of the loops: see `bass.Joined`.

    Returns
    -------
    float
        Up to `MOST_GAIN`, which is also that of silence.
    """
    power = 0.0
    for channel in range(2):
        for first in range(4):
            for second in range(4):
                power += weights[channel, first] * weights[channel, second] * covariance[first, second] / 2.0
    return math.sqrt(LOUDNESS_POWER / max(power, LOUDNESS_POWER / MOST_GAIN**2))
