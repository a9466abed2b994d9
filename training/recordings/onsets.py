"""Audio -> onset envelopes: how much each of three bands gets louder, 200 times a second."""

import itertools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from melgan_vocoder.format import MelFormat

SAMPLE_RATE = MelFormat().sample_rate
HOP = 240
"""Samples from one frame to the next."""
RATE_HZ = SAMPLE_RATE / HOP
"""Frames a second."""
WINDOW = 1024
BAND_EDGES_HZ = (30.0, 150.0, 2500.0, 16_000.0)
"""Edges of the bands: kicks, snares and voices, hats."""
N_BANDS = len(BAND_EDGES_HZ) - 1
COMPRESSION = 10.0
"""How far quiet onsets are raised."""
SURROUNDINGS = 41
"""Frames whose mean an onset must exceed."""
PEAK_FRAMES = 13
"""Frames of which an onset is the greatest."""
PEAK_SHARE, LOUD_PERCENTILE = 0.3, 99.0
"""Share of a band's loud frames that an onset must exceed."""
CHUNK = 4096
"""Frames that are analysed at a time, so that a long file needs little memory."""


def onset_envelopes(levels: np.ndarray) -> np.ndarray:
    """Measure the onsets of a recording.

    Parameters
    ----------
    levels : np.ndarray [shape=(12, n_frames)]
        Its `band_magnitudes`.

    Returns
    -------
    np.ndarray [shape=(3, n_frames)]
        float64 from 0 up: the half-wave rectified change of the compressed magnitude, averaged over the band, above
        its mean over the 0.2 s around, at its peaks and the frames beside them, 0 elsewhere. Frame `t` is
        centred on sample `240 t`.

    References
    ----------
    Dixon 2006, "Onset detection revisited", DAFx (spectral flux); Böck and Widmer 2013, "Maximum filter vibrato
    suppression for onset detection", DAFx (logarithmic magnitudes).
    """
    loud = np.percentile(levels, 99.5) if levels.size else 0.0
    compressed = np.log1p(COMPRESSION * levels / max(float(loud), 1e-9))
    flux = np.diff(compressed, axis=-1, prepend=0.0)
    rising = np.maximum(flux, 0).reshape(N_BANDS, -1, levels.shape[-1]).mean(axis=1)
    if not rising.size:
        return rising
    above: np.ndarray = np.maximum(rising - ndimage.uniform_filter1d(rising, SURROUNDINGS, axis=1), 0)
    least = PEAK_SHARE * np.percentile(above, LOUD_PERCENTILE, axis=1, keepdims=True)
    peaks = (above == ndimage.maximum_filter1d(above, PEAK_FRAMES, axis=1)) & (above > least)
    envelopes: np.ndarray = above * ndimage.binary_dilation(peaks, np.ones((1, 3), bool))
    return envelopes


def band_magnitudes(audio: np.ndarray) -> np.ndarray:
    """Magnitude in four parts of each band, float64 `[12, n_frames]`; parts are log-spaced."""
    padded = np.pad(audio, WINDOW // 2)
    frames = sliding_window_view(padded, WINDOW)[::HOP]
    window = np.hanning(WINDOW).astype(np.float32)
    edges = np.concatenate([np.geomspace(low, high, 5)[:-1] for low, high in itertools.pairwise(BAND_EDGES_HZ)])
    bins = np.append(edges, BAND_EDGES_HZ[-1]) * WINDOW / SAMPLE_RATE
    first = np.floor(bins[:-1]).astype(int)
    last = np.maximum(np.ceil(bins[1:]).astype(int), first + 1)
    out = np.empty((len(first), len(frames)))
    for start in range(0, len(frames), CHUNK):
        spectrum = np.abs(np.fft.rfft(frames[start : start + CHUNK] * window))
        for part, (low, high) in enumerate(zip(first, last, strict=True)):
            out[part, start : start + CHUNK] = spectrum[:, low:high].mean(axis=1)
    return out
