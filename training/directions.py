"""Model -> its directions: survey, regression, sweep, and the table written into the model file."""

import pathlib
from collections.abc import Callable

import numpy as np

from directions.attributes import UNITS
from directions.regression import find_vectors
from directions.survey import draw_latents, sweep, take_survey
from directions.table import Direction
from melgan_vocoder.vocoder_file import load_vocoder
from stylegan_audio.generator_weights import generator_tensors, load_generator
from stylegan_audio.model_file import read_model_header, write_model
from training.errors import TrainingError

STRENGTHS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
SWEEP_SEEDS = 24
SIGMA_SAMPLES = 10_000
MIN_LOOPS_PER_DIMENSION = 3


def count_work(n_loops: int, names: tuple[str, ...]) -> int:
    """Loops that `find_directions` will draw, for a progress bar."""
    return n_loops + len(names) * len(STRENGTHS) * SWEEP_SEEDS


def find_directions(
    path: pathlib.Path, *, names: tuple[str, ...], n_loops: int, advance: Callable[[int], None]
) -> dict[str, Direction]:
    """Find a model's directions and write them into its file.

    Parameters
    ----------
    path : pathlib.Path
        The model file; replaced by one with the new table.
    names : tuple of str
        Attributes to find a direction for.
    n_loops : int
        Random loops to measure; at least three times `w_dim`.
    advance : callable
        Called with the number of loops after each batch.

    Returns
    -------
    dict of str to Direction
        The table.

    Raises
    ------
    LoopmorphError
        If the file is not a model, or the loops are too few.
    """
    header = read_model_header(path)
    if n_loops < MIN_LOOPS_PER_DIMENSION * header.config.w_dim:
        raise TrainingError(
            f"{n_loops} loops are too few for w_dim {header.config.w_dim}; at least "
            f"{MIN_LOOPS_PER_DIMENSION * header.config.w_dim} are needed; raise --loops"
        )
    generator, vocoder = load_generator(header), load_vocoder()
    measured = take_survey(generator, vocoder, n_loops=n_loops, advance=advance)
    found = find_vectors(measured.w, measured.values)
    if missing := [name for name in names if name not in found]:
        raise TrainingError(
            f"{header.weights.source}: {missing[0]} is the same in all {n_loops} loops, a difference is needed "
            "to find a direction; leave it out with --attribute"
        )
    population = draw_latents(generator, range(SIGMA_SAMPLES))
    table = {}
    for name in names:
        vector, r2 = found[name]
        report = {
            "unit": UNITS[name],
            "r2_held_out": round(r2, 3),
            "loops": n_loops,
            "population_sd": {key: round(float(value.std()), 3) for key, value in measured.values.items()},
            "strengths": list(STRENGTHS),
        }
        direction = Direction(
            name=name,
            attribute=name,
            levels=tuple(range(header.config.n_levels)),
            sigma=float(np.std(population @ vector)),
            vector=vector,
            report=report,
        )
        seeds = range(n_loops, n_loops + SWEEP_SEEDS)  # none of them took part in the regression
        report["means"] = sweep(generator, vocoder, direction, seeds=seeds, strengths=STRENGTHS, advance=advance)
        table[name] = direction
    write_model(
        path,
        generator_tensors(generator),
        identity=header.identity,
        config=header.config,
        mel_format=header.mel_format,
        directions={name: (direction.entry(), direction.vector) for name, direction in table.items()},
    )
    return table
