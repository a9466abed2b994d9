"""Files -> an evaluation, with progress bars."""

import pathlib
from collections.abc import Mapping
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress

from melgan_vocoder.vocoder_file import SHIPPED, load_vocoder
from training.corpus import Corpus
from training.corpus_card import corpus_digest
from training.device import choose_device
from training.gan.saved_run import EVALUATION, SavedRun, write_entries
from training.model_evaluation.listening import listen_through
from training.model_evaluation.plan import EvaluationConfig, make_plan
from training.model_evaluation.real_loops import RealLoops
from training.model_evaluation.report import Evaluation, evaluate
from training.model_evaluation.subject import read_subject

RHYTHM, BASS = "rhythm", "bass"
"""The roles of models whose loops are on the grid, and of those that play one note at a time."""


def evaluate_file(
    model: pathlib.Path,
    corpus: pathlib.Path,
    *,
    config: EvaluationConfig,
    role: str | None = None,
    vocoder: pathlib.Path | None = None,
    mel_only: bool = False,
    device: str | None = None,
    console: Console,
) -> Evaluation:
    """Measure a model against a corpus; of a run, leave the figures in its folder, for the card of its model file.

    Parameters
    ----------
    model : pathlib.Path
        The model file, or the folder of a run.
    corpus : pathlib.Path
        The corpus's folder.
    config : EvaluationConfig
        What to compare.
    role : str, optional
        The model's part in the music; by default what its file says.
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
    subject, loops = read_subject(model, role=role), Corpus.open(corpus)
    chosen = choose_device(device)
    torch.backends.cudnn.allow_tf32 = False  # 10 bits of a convolution round away what paths are measured by
    generator, mel_format = subject.generator.to(chosen), subject.generator.mel_format
    listen = None if mel_only else listen_through(load_vocoder(vocoder or SHIPPED).to(chosen))
    plan = make_plan(loops, config, with_audio=not mel_only)
    with Progress(console=console, transient=True) as progress:
        reading = progress.add_task("analysing", total=len(loops), visible=mel_format.n_channels > 1)
        real = RealLoops.open(
            loops, mel_format, device=chosen.type, advance=lambda count: progress.advance(reading, count)
        )
        drawing = progress.add_task("comparing", total=plan.work)
        evaluation = evaluate(
            generator,
            real,
            plan=plan,
            advance=lambda count: progress.advance(drawing, count),
            listen=listen,
            with_rhythm=subject.role == RHYTHM,
            with_pitch=subject.role == BASS,
        )
    evaluation.report["model"] = {"name": subject.name, "role": subject.role, "card": dict(subject.card)}
    if subject.run is not None:
        metrics = make_metrics(evaluation.report, subject.run, loops)
        write_entries(model / EVALUATION, {"kimg": subject.run.kimg, "metrics": metrics})
    return evaluation


def make_metrics(report: Mapping[str, Any], run: SavedRun, corpus: Corpus) -> dict[str, Any]:
    """Choose what a card tells of an evaluation: all figures, and what the model was compared with."""
    protocol = report["protocol"]
    genres = ", ".join(protocol["genres"]) or "all genres"
    whose = "its own" if corpus_digest(corpus) == run.config.corpus else "another"
    return {
        "compared_with": f"{protocol['n_loops']} held-out loops ({genres}) of {whose} corpus",
        "truncation_psi": protocol["truncation_psi"],
        **report["figures"],
    }
