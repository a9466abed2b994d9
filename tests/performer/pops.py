"""A pop detector: what jumps where music cannot."""

import functools

import numpy as np
from scipy import ndimage, signal

RATE = 48_000
MUFFLED_HZ, HEARD_HZ = 4000.0, 8000.0
"""Muffled music ends below the one; pops are looked for above the other."""
HALF = 375
"""Samples that the muffling low-pass looks back, and ahead: a frame."""
TIMES_MEDIAN = 30.0
"""How far a second difference stands out from the median around it ..."""
OF_PEAK = 0.01
"""... and at least this share of the music's peak around it, so that a step of 1 % of the peak is a pop ..."""
AUDIBLE = 1e-4
"""... and at least this much of full scale."""
AROUND = 961
"""Samples around, 20 ms."""
ONE_POP = 480
"""What lies nearer together is one pop."""
STRETCH = 30 * RATE
"""Samples that are looked at together, to spare memory."""


def muffle(audio: np.ndarray) -> np.ndarray:
    """Take away what lies above `MUFFLED_HZ`, and `HALF` samples at either end."""
    return signal.oaconvolve(audio, low_pass()[None], mode="valid", axes=-1).astype(np.float32)


def find_pops(audio: np.ndarray) -> np.ndarray:
    """Find pops in muffled music, by the second difference of what lies above `HEARD_HZ`.

    A plain second difference cannot tell a splice from a hi-hat: in the shipped model's own loops it stands out up to
    27 times from the median around it, and a splice of a tenth of the peak twice. So the model is muffled, by 100 dB
    above 4 kHz (`muffle`), before its loops are cut into clips; whatever the desk does to them it does after that. What
    then lies above 8 kHz the desk has made; a splice of a tenth of the peak is there 5000 times what loops leave.

    Parameters
    ----------
    audio : np.ndarray [shape=(n, n_channels)]
        What was heard, of loops that were muffled.

    Returns
    -------
    np.ndarray [shape=(n_pops,)]
        Sample of the largest step of each, in any channel.
    """
    found = [
        first + pop
        for channel in audio.T
        for first in range(0, len(channel), STRETCH)
        for pop in find_in(channel[max(first - AROUND, 0) : first + STRETCH + AROUND].astype(np.float64))
        - min(first, AROUND)
        if 0 <= pop < STRETCH
    ]
    return np.array(sorted(found), dtype=int)


def find_in(audio: np.ndarray) -> np.ndarray:
    """Find the pops of one channel, `[n_pops]`."""
    above = signal.oaconvolve(audio, high_pass(), mode="valid")
    steps = np.pad(np.abs(np.diff(above, 2)), (len(audio) - len(above)) // 2 + 1)  # nothing is known of the ends
    peak = ndimage.maximum_filter1d(np.abs(audio), AROUND)
    median = np.repeat(ndimage.median_filter(steps[::7], size=AROUND // 7), 7)[: len(steps)]
    excess = steps / np.maximum(np.maximum(TIMES_MEDIAN * median, OF_PEAK * peak), AUDIBLE)
    pops: list[int] = []
    for at in np.flatnonzero(excess > 1):
        if not pops or at - pops[-1] > ONE_POP:
            pops.append(int(at))
        elif excess[at] > excess[pops[-1]]:
            pops[-1] = int(at)
    return np.array(pops, dtype=int)


@functools.cache
def low_pass() -> np.ndarray:
    """Design what muffles."""
    return signal.firwin(2 * HALF + 1, MUFFLED_HZ, window=("kaiser", signal.kaiser_beta(100)), fs=RATE)


@functools.cache
def high_pass() -> np.ndarray:
    """Design what is left of a pop."""
    return signal.firwin(127, HEARD_HZ, window=("kaiser", signal.kaiser_beta(100)), fs=RATE, pass_zero=False)
