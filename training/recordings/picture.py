"""A few loops of a corpus as a picture: waveform over the grid, and spectrogram."""

import pathlib

import numpy as np
from matplotlib.figure import Figure

from training.corpus import Corpus
from training.recordings.onsets import SAMPLE_RATE, band_magnitudes

N_LOOPS = 6
BEATS = 8
BLOCK = 200
"""Samples whose least and greatest are drawn as one."""


def draw_loops(corpus: Corpus, path: pathlib.Path, *, n_loops: int = N_LOOPS) -> None:
    """Draw loops spread evenly over a corpus into a PNG file.

    Parameters
    ----------
    corpus : Corpus
        The corpus.
    path : pathlib.Path
        The file.
    n_loops : int
        How many at most.
    """
    count = min(n_loops, len(corpus))
    figure = Figure(figsize=(12, 2.0 * count), layout="constrained")
    axes = figure.subplots(count, 2, squeeze=False)
    for row, number in enumerate(np.linspace(0, len(corpus) - 1, count).round().astype(int)):
        entry, loop = corpus.entries[number], corpus.loop(int(number))
        blocks = loop[: len(loop) // BLOCK * BLOCK].reshape(-1, BLOCK)
        beats = np.linspace(0, BEATS, len(blocks), endpoint=False)
        axes[row, 0].fill_between(beats, blocks.min(axis=1), blocks.max(axis=1), linewidth=0.3)
        axes[row, 0].set(xlim=(0, BEATS), ylim=(-1, 1), yticks=[])
        axes[row, 0].set_xticks(range(BEATS + 1))
        axes[row, 0].grid(axis="x")
        place = f" at {entry.position_s:.2f} s" if entry.position_s is not None else ""
        name = f"{entry.source}{place}, {entry.tempo_bpm:.2f} BPM".replace("$", r"\$")
        axes[row, 0].set_title(name, fontsize=8, loc="left")
        levels_db = 20 * np.log10(np.maximum(band_magnitudes(loop), 1e-4))
        extent = (0, len(loop) / SAMPLE_RATE, 0, len(levels_db))
        axes[row, 1].imshow(levels_db, origin="lower", aspect="auto", extent=extent, cmap="magma")
        axes[row, 1].set(yticks=[])
    figure.savefig(path, dpi=80)
