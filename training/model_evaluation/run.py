"""Files -> an evaluation, with progress bars."""

import pathlib

from rich.console import Console
from rich.progress import Progress

from melgan_vocoder.vocoder_file import SHIPPED, load_vocoder
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import read_model_header
from training.corpus import Corpus
from training.device import choose_device
from training.model_evaluation.listening import listen_through
from training.model_evaluation.plan import EvaluationConfig, make_plan
from training.model_evaluation.real_loops import RealLoops
from training.model_evaluation.report import Evaluation, evaluate

RHYTHM, BASS = "rhythm", "bass"
"""The roles of models whose loops are on the grid, and of those that play one note at a time."""


def evaluate_file(
    model: pathlib.Path,
    corpus: pathlib.Path,
    *,
    config: EvaluationConfig,
    vocoder: pathlib.Path | None = None,
    mel_only: bool = False,
    device: str | None = None,
    console: Console,
) -> Evaluation:
    """Measure a model file against a corpus.

    Parameters
    ----------
    model : pathlib.Path
        The model file.
    corpus : pathlib.Path
        The corpus's folder.
    config : EvaluationConfig
        What to compare.
    vocoder : pathlib.Path, optional
        Vocoder file to listen through; the shipped one by default.
    mel_only : bool
        Whether to listen to nothing.
    device : {"cpu", "cuda"}, optional
        Where to draw; a GPU by default if there is one.
    console : rich.console.Console
        Where progress is shown.

    Returns
    -------
    Evaluation
        The report, which also names the model and tells its card.

    Raises
    ------
    LoopmorphError
        If a file cannot be read, or the corpus has too few loops.
    """
    header, loops = read_model_header(model), Corpus.open(corpus)
    chosen = choose_device(device)
    generator = load_generator(header).to(chosen)
    listen = None if mel_only else listen_through(load_vocoder(vocoder or SHIPPED).to(chosen))
    plan = make_plan(loops, config, with_audio=not mel_only)
    with Progress(console=console) as progress:
        reading = progress.add_task("analysing", total=len(loops), visible=header.mel_format.n_channels > 1)
        real = RealLoops.open(
            loops, header.mel_format, device=chosen.type, advance=lambda count: progress.advance(reading, count)
        )
        drawing = progress.add_task("comparing", total=plan.work)
        evaluation = evaluate(
            generator,
            real,
            plan=plan,
            advance=lambda count: progress.advance(drawing, count),
            listen=listen,
            with_rhythm=header.identity.role == RHYTHM,
            with_pitch=header.identity.role == BASS,
        )
    evaluation.report["model"] = {"name": header.name, "role": header.identity.role, "card": dict(header.identity.card)}
    return evaluation
