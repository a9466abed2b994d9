"""Spectrograms -> what is kept of them: a set of loops in a few numbers each."""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from melgan_vocoder.format import LoopFormat
from training.model_evaluation.feature_space import pool_mel
from training.model_evaluation.listening import Heard, Listen, hear
from training.model_evaluation.onsets import mel_envelope
from training.model_evaluation.seam import mel_steps

N_SHOWN = 8
"""Loops whose mels are kept for the picture."""
Advance = Callable[[int], None]
"""Called with the number of loops after each batch, for a progress bar."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoopSet:
    """What an evaluation keeps of a set of loops."""

    features: np.ndarray
    """Coarse mels, float32 `[n, n_cells]`, as of `pool_mel`."""
    envelopes: np.ndarray
    """Onset envelopes of the mels, float32 `[n, n_frames]`."""
    steps: np.ndarray
    """Steps between frames of the mels, float32 `[n, n_frames]`."""
    heard: Heard
    """What was measured on the audio of the first loops; on none of them without a vocoder."""
    shown: np.ndarray
    """Mels of the first loops, float32 `[<= N_SHOWN, n_mels, n_frames]`."""
    cell_mean: np.ndarray
    """Mean of each cell of the mels, `[n_mels, n_frames]`."""
    cell_variance: np.ndarray
    """Variance of each cell of the mels, `[n_mels, n_frames]`."""

    @property
    def band_sd(self) -> np.ndarray:
        """Standard deviation of each band over loops and frames, `[n_mels]`."""
        variance = self.cell_variance.mean(axis=1) + self.cell_mean.var(axis=1)
        return np.sqrt(variance)


def collect(
    batches: Iterable[np.ndarray],
    mel_format: LoopFormat,
    *,
    advance: Advance,
    listen: Listen | None = None,
    n_heard: int = 0,
    with_pitch: bool = False,
) -> LoopSet:
    """Measure loops batch by batch, keeping no spectrogram but the first.

    Parameters
    ----------
    batches : iterable of np.ndarray [shape=(B, n_channels, n_mels, n_frames)]
        float32 spectrograms, at least one loop in all. Channel 0 is raised to the format's floor.
    mel_format : LoopFormat
        Their format.
    advance : callable
        Called with the number of loops after each batch.
    listen : callable, optional
        Spectrograms to audio.
    n_heard : int
        Loops to listen to, if there is `listen`.
    with_pitch : bool
        Whether to look for held notes in them.

    Returns
    -------
    LoopSet
        What was measured.
    """
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    shown, heard, n = [], [hear([], mel_format)], 0
    total, squares = (np.zeros((mel_format.n_mels, mel_format.n_frames)) for _ in range(2))
    for spectrograms in batches:
        mel = np.maximum(spectrograms[:, 0], np.float32(mel_format.floor))
        rows.append((pool_mel(mel), mel_envelope(mel, mel_format), mel_steps(mel)))
        total += mel.sum(axis=0, dtype=np.float64)
        squares += np.square(mel, dtype=np.float64).sum(axis=0)
        if listen is not None and n < n_heard:
            heard.append(hear(listen(spectrograms[: n_heard - n]), mel_format, with_pitch=with_pitch))
        if n < N_SHOWN:
            shown.append(mel[: N_SHOWN - n])
        n += len(mel)
        advance(len(mel))
    features, envelopes, steps = (np.concatenate(part) for part in zip(*rows))
    return LoopSet(
        features=features,
        envelopes=envelopes,
        steps=steps,
        heard=Heard(
            envelopes=np.concatenate([part.envelopes for part in heard]),
            seams=np.concatenate([part.seams for part in heard]),
            notes=[notes for part in heard for notes in part.notes],
        ),
        shown=np.concatenate(shown),
        cell_mean=total / n,
        cell_variance=np.maximum(squares / n - (total / n) ** 2, 0),
    )
