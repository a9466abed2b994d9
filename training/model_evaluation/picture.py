"""One page of a model: drawn and real loops, where both lie, and how they fill the bins."""

import pathlib

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from training.model_evaluation.loop_set import N_SHOWN
from training.model_evaluation.report import Evaluation

COLUMNS = 4
MEL_RANGE = (-1.0, 1.0)


def draw_picture(path: pathlib.Path, evaluation: Evaluation, *, title: str) -> None:
    """Draw eight loops of the model and of the corpus, their principal components and the histogram of bins.

    Parameters
    ----------
    path : pathlib.Path
        The PNG to write.
    evaluation : Evaluation
        What `evaluate` returned.
    title : str
        Heading, such as the model's name.
    """
    figure = Figure(figsize=(16, 14), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    rows = N_SHOWN // COLUMNS
    grid = figure.add_gridspec(2 * rows + 2, COLUMNS)
    for first, mels, label in ((0, evaluation.drawn.shown, "drawn"), (rows, evaluation.held_out.shown, "held out")):
        for number, mel in enumerate(mels):
            place = grid[first + number // COLUMNS, number % COLUMNS]
            draw_mel(figure.add_subplot(place), mel, title=f"{label} {number + 1}")
    draw_components(figure.add_subplot(grid[2 * rows :, :2]), evaluation.components)
    draw_bins(figure.add_subplot(grid[2 * rows :, 2:]), evaluation.bins)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def draw_mel(axes: Axes, mel: np.ndarray, *, title: str) -> None:
    """Draw a mel, `[n_mels, n_frames]`, its beats marked below."""
    low, high = MEL_RANGE
    axes.imshow(mel, origin="lower", aspect="auto", cmap="magma", vmin=low, vmax=high, interpolation="nearest")
    beats = np.arange(8) * mel.shape[1] / 8
    axes.set_xticks(beats, [str(1 + beat) for beat in range(8)])
    axes.set(title=title, ylabel="band")


def draw_components(axes: Axes, components: tuple[np.ndarray, np.ndarray]) -> None:
    """Draw where drawn and held-out loops lie in the first two principal components, `[n, n_components]`."""
    for points, label, colour in zip(components[::-1], ("held out", "drawn"), ("tab:blue", "tab:orange")):
        second = points[:, min(1, points.shape[1] - 1)]
        axes.scatter(points[:, 0], second, s=8, alpha=0.5, label=label, color=colour, linewidths=0)
    axes.set(title="principal components of the coarse mel", xlabel="first", ylabel="second")
    axes.legend()


def draw_bins(axes: Axes, bins: tuple[np.ndarray, np.ndarray]) -> None:
    """Draw how many drawn and held-out loops are in each bin, `[n_bins]`, the fullest of the held-out loops' first."""
    drawn, held_out = bins
    order = np.argsort(-held_out, kind="stable")
    places = np.arange(len(order))
    axes.bar(places, held_out[order], width=0.9, label="held out", color="tab:blue", alpha=0.6)
    axes.step(places, drawn[order], where="mid", label="drawn", color="tab:orange")
    axes.set(title="bins", xlabel="bin", ylabel="loops")
    axes.legend()
