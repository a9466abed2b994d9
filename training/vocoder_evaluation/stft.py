"""Loop -> spectra and back, circular in time, for measures that must not depend on any vocoder's own analysis."""

import numpy as np
from scipy import fft
from scipy.signal.windows import hann


def hann_window(n_fft: int) -> np.ndarray:
    """Periodic Hann window, scaled so that a full-scale sine peaks at 1; float32 `[n_fft]`."""
    return (hann(n_fft, sym=False) * (4.0 / n_fft)).astype(np.float32)


def stft(audio: np.ndarray, *, n_fft: int, hop_length: int, oversampling: int = 1) -> np.ndarray:
    """Analyse a loop; frame `t` is centred on sample `t * hop_length`.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        Loop of a whole number of hops.
    n_fft, hop_length : int
        Samples of window (at most `n_samples`) and from one frame to the next.
    oversampling : int
        Points of the frequency grid to a sample of the window.

    Returns
    -------
    np.ndarray [shape=(n_samples // hop_length, oversampling * n_fft // 2 + 1)]
        complex64; a full-scale sine has magnitude 1.
    """
    half = n_fft // 2
    wrapped = np.concatenate([audio[-half:], audio, audio[: n_fft - half]]).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wrapped, n_fft)[: len(audio) : hop_length]
    return fft.rfft(frames * hann_window(n_fft), oversampling * n_fft, axis=1)


def inverse_stft(spectrum: np.ndarray, *, n_fft: int, hop_length: int) -> np.ndarray:
    """Synthesise the loop whose analysis is nearest, in the sense of least squares.

    Parameters
    ----------
    spectrum : np.ndarray [shape=(n_frames, oversampling * n_fft // 2 + 1)]
        As `stft` gives it, of any oversampling; at least `n_fft / hop_length` frames.
    n_fft, hop_length : int
        As in `stft`.

    Returns
    -------
    np.ndarray [shape=(n_frames * hop_length,)]
        float32 loop.
    """
    window = hann_window(n_fft)
    weighted = overlap_add(fft.irfft(spectrum, axis=1)[:, :n_fft] * window, hop_length)
    weights = overlap_add(np.broadcast_to(window**2, (len(spectrum), n_fft)), hop_length)
    return np.roll(weighted / weights, -(n_fft // 2)).astype(np.float32)


def overlap_add(frames: np.ndarray, hop_length: int) -> np.ndarray:
    """Add frames a hop apart into one loop, the first beginning at sample 0.

    Parameters
    ----------
    frames : np.ndarray [shape=(n_frames, frame_length)]
        What to add.
    hop_length : int
        Samples from one frame to the next.

    Returns
    -------
    np.ndarray [shape=(n_frames * hop_length,)]
        The circular sum.
    """
    n_frames, frame_length = frames.shape
    n_blocks = -(-frame_length // hop_length)
    blocks = np.pad(frames, ((0, 0), (0, n_blocks * hop_length - frame_length))).reshape(n_frames, n_blocks, hop_length)
    shifted = [np.roll(blocks[:, block], block, axis=0) for block in range(n_blocks)]
    return np.sum(shifted, axis=0).ravel()
