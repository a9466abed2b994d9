"""One picture of a vocoder: loops before and after, and how far each note is out of tune."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.vocoder_evaluation.real_loops import NamedLoop
from training.vocoder_evaluation.resynthesis import SAMPLE_RATE, Resynthesise, resynthesise_all
from training.vocoder_evaluation.stft import stft
from training.vocoder_evaluation.tones import WAVEFORMS

N_LOOPS = 3
N_FFT, HOP_LENGTH = 2048, 500
FLOOR_DB = -90.0
ERROR_CENTS = 25.0
BAR_CENTS = 5.0


def draw_picture(
    path: pathlib.Path,
    report: Mapping[str, Any],
    *,
    resynthesise: Resynthesise,
    loops: Sequence[NamedLoop],
    title: str,
) -> None:
    """Draw spectrograms of the first loops before and after, and the pitch errors of a report.

    Parameters
    ----------
    path : pathlib.Path
        The PNG to write.
    report : mapping
        What `evaluate` returned.
    resynthesise : callable
        The vocoder it measured.
    loops : sequence of NamedLoop
        Real loops; the first three are drawn.
    title : str
        Heading, such as the vocoder's name.
    """
    shown = list(loops[:N_LOOPS])
    originals = np.stack([audio for _, audio in shown])
    audio = resynthesise_all(resynthesise, originals, advance=lambda _: None)
    figure = Figure(figsize=(12, 3 * (len(shown) + 1)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    rows = figure.add_gridspec(len(shown) + 1, 2)
    for row, (name, _) in enumerate(shown):
        for column, (loop, label) in enumerate(((originals[row], "original"), (audio[row], "resynthesised"))):
            draw_spectrogram(figure.add_subplot(rows[row, column]), loop, title=f"{name}, {label}")
    draw_pitch_errors(figure.add_subplot(rows[len(shown), :]), report["details"]["held_notes"])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def draw_spectrogram(axes: Axes, audio: np.ndarray, *, title: str) -> None:
    """Draw the magnitudes of a loop, `[n_samples]`, in decibels re a full-scale sine, 40 Hz to 20 kHz."""
    magnitude = np.abs(stft(audio, n_fft=N_FFT, hop_length=HOP_LENGTH))
    decibels = 20 * np.log10(np.maximum(magnitude, 10 ** (FLOOR_DB / 20)))
    seconds = np.arange(len(magnitude)) * HOP_LENGTH / SAMPLE_RATE
    axes.pcolormesh(
        seconds,
        np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE)[1:],
        decibels.T[1:],
        vmin=FLOOR_DB,
        vmax=0.0,
        cmap="magma",
        shading="nearest",
        rasterized=True,
    )
    axes.set(yscale="log", ylim=(40, 20_000), xlabel="s", ylabel="Hz", title=title)


def draw_pitch_errors(axes: Axes, held: Sequence[Mapping[str, Any]]) -> None:
    """Draw the error of each held note over its pitch, a line per waveform; beyond 25 cents at the edge."""
    for waveform, marker in zip(WAVEFORMS, "os^"):
        notes = [note for note in held if note["waveform"] == waveform]
        errors = np.clip([note["error_cents"] for note in notes], -ERROR_CENTS, ERROR_CENTS)
        axes.plot([note["pitch_hz"] for note in notes], errors, marker=marker, label=waveform)
    axes.axhspan(-BAR_CENTS, BAR_CENTS, color="0.9", zorder=0)
    limits = (-1.1 * ERROR_CENTS, 1.1 * ERROR_CENTS)
    axes.set(xscale="log", ylim=limits, xlabel="Hz", ylabel="cents", title="pitch error of held notes")
    axes.legend()
