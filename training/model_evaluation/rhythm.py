"""Onset envelopes -> rhythm: whether hits are on the grid, and whether the tempo is the loop's."""

import dataclasses
from collections.abc import Sequence

import librosa
import numpy as np

from melgan_vocoder.format import LoopFormat
from training.model_evaluation.onsets import onset_frames

TOLERANCE_FRAMES = 1
"""How far from the grid an onset may be: 7.8 ms."""
MOST_SWING = 0.45
"""Most that every second sixteenth may be late, in sixteenths."""
TEMPO_TOLERANCE = 0.02
"""How far from its format's tempo a loop may be, as a share."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rhythm:
    """What was measured on the onsets of loops."""

    onsets: list[np.ndarray]
    """Frames of each loop's onsets."""
    tempo_bpm: np.ndarray
    """Tempo of each loop, `[n]`."""

    @property
    def n_onsets(self) -> float:
        """Onsets of a loop, on average."""
        return float(np.mean([len(frames) for frames in self.onsets]))


def measure_rhythm(envelopes: np.ndarray, mel_format: LoopFormat) -> Rhythm:
    """Find onsets and tempo of loops.

    Parameters
    ----------
    envelopes : np.ndarray [shape=(n, n_frames)]
        Their onset envelopes.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    Rhythm
        Onsets and tempi.
    """
    return Rhythm(
        onsets=[onset_frames(envelope, mel_format) for envelope in envelopes],
        tempo_bpm=np.array([tempo_bpm(envelope, mel_format) for envelope in envelopes]),
    )


def tempo_bpm(envelope: np.ndarray, mel_format: LoopFormat) -> float:
    """Estimate the tempo of a loop.

    Parameters
    ----------
    envelope : np.ndarray [shape=(n_frames,)]
        Its onset envelope.
    mel_format : LoopFormat
        Its format.

    Returns
    -------
    float
        Beats a minute: what librosa's `tempo`, with its prior around 120, finds in the loop's circular
        autocorrelation. The loop is thus not analysed over several repetitions; what librosa finds there is the same.

    References
    ----------
    Ellis 2007, "Beat tracking by dynamic programming", J. New Music Research 36 (1).
    """
    n_frames = len(envelope)
    again = np.fft.irfft(np.abs(np.fft.rfft(envelope)) ** 2, n_frames)
    again = np.maximum(again, 0) * (1 - np.arange(n_frames) / n_frames)  # long lags fade, as under librosa's window
    tempo = librosa.feature.tempo(tg=again[:, None], sr=mel_format.sample_rate, hop_length=mel_format.hop_length)
    return float(tempo[0])


def tempo_share(tempi_bpm: np.ndarray, mel_format: LoopFormat) -> float:
    """Count the loops whose tempo is their format's within 2 %, as a share."""
    return float((np.abs(tempi_bpm / mel_format.tempo_bpm - 1) <= TEMPO_TOLERANCE).mean())


def find_lag(onsets: Sequence[np.ndarray], mel_format: LoopFormat) -> int:
    """Measure how late an analysis marks onsets.

    Parameters
    ----------
    onsets : sequence of np.ndarray
        Onset frames of real loops.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    int
        Frames, at most half a sixteenth either way, after the grid at which most of the onsets are.
    """
    sixteenth = sixteenth_frames(mel_format)
    phase = np.bincount(np.concatenate([*onsets, np.zeros(0, int)]) % sixteenth, minlength=sixteenth)
    near = sum(np.roll(phase, -shift) for shift in range(-TOLERANCE_FRAMES, TOLERANCE_FRAMES + 1))
    lag = int(np.argmax(near + phase / (phase.sum() + 1)))  # of equal ones, the one with most onsets in the middle
    return lag - sixteenth if lag > sixteenth // 2 else lag


def grid_share(onsets: np.ndarray, mel_format: LoopFormat, *, lag: int) -> float:
    """Count the onsets of a loop that are on the grid.

    Parameters
    ----------
    onsets : np.ndarray [shape=(n_onsets,)]
        Frames.
    mel_format : LoopFormat
        The loop's format.
    lag : int
        Frames by which the analysis is late.

    Returns
    -------
    float
        Share within one frame of the grid of sixteenths, under the swing that fits this loop best; nan without
        onsets.
    """
    if not len(onsets):
        return float("nan")
    sixteenth = sixteenth_frames(mel_format)
    phase = (onsets - lag) % (2 * sixteenth)
    from_even = np.minimum(phase, 2 * sixteenth - phase)
    swings = range(int(MOST_SWING * sixteenth) + 1)
    from_odd = np.abs(phase - sixteenth - np.array(swings)[:, None])  # [n_swings, n_onsets]
    return float((np.minimum(from_even, from_odd) <= TOLERANCE_FRAMES).mean(axis=1).max())


def grid_shares(onsets: Sequence[np.ndarray], mel_format: LoopFormat, *, lag: int) -> float:
    """Average `grid_share` over the loops that have onsets; 0 if none has."""
    shares = np.array([grid_share(frames, mel_format, lag=lag) for frames in onsets])
    heard = shares[np.isfinite(shares)]
    return float(heard.mean()) if len(heard) else 0.0


def scatter_onsets(
    onsets: Sequence[np.ndarray], mel_format: LoopFormat, *, rng: np.random.Generator
) -> list[np.ndarray]:
    """Put as many onsets anywhere in each loop: what the grid catches by chance."""
    return [rng.integers(0, mel_format.n_frames, len(frames)) for frames in onsets]


def sixteenth_frames(mel_format: LoopFormat) -> int:
    """Frames of a sixteenth."""
    return mel_format.n_frames // (4 * mel_format.beats)
