"""Pages -> stereo: the mixing kernel, compiled, without the interpreter's lock and without allocation."""

import numba
import numpy as np

CEILING = 0.98
"""What no sample of the output exceeds, of full scale."""


@numba.njit(cache=True, nogil=True)
def mix_block(
    out: np.ndarray,
    pages: np.ndarray,
    position: int,
    page: np.ndarray,
    old_page: np.ndarray,
    fade_left: np.ndarray,
    correlation: np.ndarray,
    gains: np.ndarray,
    targets: np.ndarray,
    smoothing: float,
    fade_samples: int,
    limiter: np.ndarray,
    release: float,
) -> bool:
    """Mix one block of all decks.

    Parameters
    ----------
    out : np.ndarray [shape=(block_size, n_channels)]
        float32, overwritten; channels beyond the second are silenced.
    pages : np.ndarray [shape=(N_DECKS, N_PAGES, N_LOOPS, n_samples)]
        float32 loops.
    position : int
        Samples played before this block.
    page, old_page : np.ndarray [shape=(N_DECKS,)]
        int64: the page that sounds and the one that fades out; -1 for silence.
    fade_left : np.ndarray [shape=(N_DECKS,)]
        int64: samples of the crossfade still to come, counted down.
    correlation : np.ndarray [shape=(N_DECKS,)]
        float64: of the two pages, 0 to 1; shapes the crossfade from equal power to linear.
    gains, targets : np.ndarray [shape=(N_DECKS, 2, N_LOOPS)]
        float64: each loop's gain in left and right, and where it is going.
    smoothing : float
        Share of the way that a gain goes each sample.
    fade_samples : int
        Length of a crossfade.
    limiter : np.ndarray [shape=(1,)]
        float64: the limiter's envelope.
    release : float
        Factor on the envelope each sample.

    Returns
    -------
    bool
        Whether the limiter had to hold the sound back.
    """
    n_decks, _, n_loops, n_samples = pages.shape
    limited = False
    for frame in range(out.shape[0]):
        at = (position + frame) % n_samples
        left = 0.0
        right = 0.0
        for deck in range(n_decks):
            new_share, old_share = 1.0, 0.0
            if fade_left[deck] > 0:
                fade_left[deck] -= 1
                done = 1.0 - fade_left[deck] / fade_samples
                rest = 1.0 - done
                power = done * done + rest * rest + 2.0 * done * rest * correlation[deck]
                new_share, old_share = done / np.sqrt(power), rest / np.sqrt(power)
            for loop in range(n_loops):
                gain_left = gains[deck, 0, loop]
                gain_right = gains[deck, 1, loop]
                gain_left += smoothing * (targets[deck, 0, loop] - gain_left)
                gain_right += smoothing * (targets[deck, 1, loop] - gain_right)
                gains[deck, 0, loop] = gain_left
                gains[deck, 1, loop] = gain_right
                sample = 0.0
                if page[deck] >= 0:
                    sample = new_share * pages[deck, page[deck], loop, at]
                if old_share > 0.0 and old_page[deck] >= 0:
                    sample += old_share * pages[deck, old_page[deck], loop, at]
                left += gain_left * sample
                right += gain_right * sample
        peak = max(abs(left), abs(right))
        limiter[0] = max(peak, limiter[0] * release)
        if limiter[0] > CEILING:
            left *= CEILING / limiter[0]
            right *= CEILING / limiter[0]
            limited = True
        for channel in range(out.shape[1]):
            out[frame, channel] = left if channel == 0 else right if channel == 1 else 0.0
    return limited
