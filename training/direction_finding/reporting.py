"""Model -> a report of the directions that it has, and of plain ones beside them."""

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from directions.attributes import ATTRIBUTES
from directions.table import HOLD, read_directions
from melgan_vocoder.format import MelFormat
from stylegan_audio.model_file import read_model_header
from training.corpus import Corpus
from training.direction_finding.examination import AXIS_STRENGTHS, REFERENCE_SEEDS, STRENGTHS, Examination
from training.direction_finding.plain import PLAIN_LOOPS, plain_directions
from training.direction_finding.verdict import rounded
from training.errors import TrainingError
from training.model_evaluation.feature_space import pool_mel
from training.model_evaluation.neighbours import N_NEIGHBOURS
from training.model_evaluation.real_loops import RealLoops

CORPUS_LOOPS = 600
"""Loops of a corpus that a direction must not leave."""


def report_directions(
    path: pathlib.Path,
    *,
    corpus: pathlib.Path | None,
    with_plain: bool,
    n_seeds: int,
    begin: Callable[[int], None],
    advance: Callable[[int], None],
) -> dict[str, dict[str, Any]]:
    """Measure the directions of a model anew.

    Parameters
    ----------
    path : pathlib.Path
        The model file.
    corpus : pathlib.Path, optional
        Loops that a direction must not leave; the model's own if there is none.
    with_plain : bool
        Whether plain ridge directions are measured too: under the attribute's name and `PLAIN`.
    n_seeds : int
        Loops that each direction is measured on.
    begin, advance : callable
        Called once with the number of loops that will be drawn, and with how many were after each batch.

    Returns
    -------
    dict of str to dict
        What `verdict.judge` says of each direction; of axes without a name, what they move.

    Raises
    ------
    LoopmorphError
        If the model or the corpus cannot be read.
    """
    header = read_model_header(path)
    table = read_directions(header)
    named = {name: direction for name, direction in table.items() if direction.attribute in ATTRIBUTES}
    plain_names = [name for name in named if not name.endswith(HOLD)] if with_plain else []
    features = None if corpus is None else corpus_features(corpus)
    begin(
        2 * len(REFERENCE_SEEDS) + n_seeds + (len(named) + len(plain_names)) * (len(STRENGTHS) - 1) * n_seeds
        + (len(table) - len(named)) * (len(AXIS_STRENGTHS) - 1) * n_seeds + bool(plain_names) * PLAIN_LOOPS
    )  # fmt: skip
    examination = Examination.open(
        header,
        names=[direction.attribute for direction in named.values()],
        n_seeds=n_seeds,
        corpus_features=features,
        advance=advance,
    )
    if plain_names:
        named |= plain_directions(examination, [named[name].attribute for name in plain_names])
    reports = {name: examination.examine(direction, strengths=STRENGTHS) for name, direction in named.items()}
    others = {name: examination.describe(direction) for name, direction in table.items() if name not in named}
    agreement = {
        name: {"agreement": rounded(examination.agreement[direction.attribute])} for name, direction in named.items()
    }
    return {name: {**report, **agreement[name]} for name, report in reports.items()} | others


def corpus_features(folder: pathlib.Path) -> np.ndarray:
    """Read coarse mels of held-out loops, `[n, n_cells]`.

    Raises
    ------
    TrainingError
        If they are too few.
    """
    corpus = Corpus.open(folder)
    numbers = corpus.split("held_out")[:CORPUS_LOOPS]
    if len(numbers) <= N_NEIGHBOURS:
        raise TrainingError(
            f"{folder}: holds out {len(numbers)} loops, more than {N_NEIGHBOURS} are needed to tell what lies among "
            "them; choose a larger corpus"
        )
    loops = RealLoops.open(corpus, MelFormat())
    return np.concatenate([pool_mel(batch[:, 0]) for batch in loops.batches(numbers)])
