"""Every figure of a model, each beside what real loops reach."""

import dataclasses
from typing import Any

import numpy as np

from melgan_vocoder.format import LoopFormat
from stylegan_audio.generator import Generator
from training.model_evaluation.bins import SIGNIFICANCE, count_bins, different_bins, fit_bins, js_divergence
from training.model_evaluation.drawing import draw_batches, draw_w
from training.model_evaluation.feature_space import COLUMNS, N_COMPONENTS, FeatureSpace
from training.model_evaluation.figures import Figures, figure
from training.model_evaluation.listening import Listen, hear
from training.model_evaluation.loop_set import Advance, LoopSet, collect
from training.model_evaluation.memorising import compare_distances, training_distances
from training.model_evaluation.neighbours import N_NEIGHBOURS, density_and_coverage
from training.model_evaluation.path_length import EPSILON, band_scale, path_length, straight_length
from training.model_evaluation.pitch import note_shares
from training.model_evaluation.plan import Plan
from training.model_evaluation.real_loops import RealLoops
from training.model_evaluation.rhythm_figures import measure_rhythms
from training.model_evaluation.seam import seam_figures


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A report, and what its picture shows."""

    report: dict[str, Any]
    """JSON-able: `protocol`; `figures` by group, each with `model`, `reference` and `ratio`; `details`."""
    drawn: LoopSet
    """The model's loops."""
    held_out: LoopSet
    """Held-out loops."""
    components: tuple[np.ndarray, np.ndarray]
    """Principal components of drawn and held-out loops, `[n, n_components]`."""
    bins: tuple[np.ndarray, np.ndarray]
    """Drawn and held-out loops in each bin, `[n_bins]`."""


def evaluate(
    generator: Generator,
    real: RealLoops,
    *,
    plan: Plan,
    advance: Advance,
    listen: Listen | None = None,
    with_rhythm: bool = True,
    with_pitch: bool = False,
) -> Evaluation:
    """Measure a model against held-out loops.

    Parameters
    ----------
    generator : Generator
        The model.
    real : RealLoops
        Loops of a corpus in its format.
    plan : Plan
        Which of them, and how many of the model's.
    advance : callable
        Called with the number of loops after each batch; `plan.work` in all.
    listen : callable, optional
        Spectrograms to audio, for what is measured on audio; only used if the plan has loops to be heard.
    with_rhythm : bool
        Whether the loops are to be on a grid.
    with_pitch : bool
        Whether they are lines of single notes, to be steady and in the key.

    Returns
    -------
    Evaluation
        Report and picture data; the same for the same plan, model and machine.
    """
    config, fmt, n = plan.config, generator.mel_format, plan.n_loops
    w = draw_w(generator, stream(plan, 1), n_loops=n, truncation_psi=config.truncation_psi)
    hearing: dict[str, Any] = {"advance": advance, "listen": listen, "n_heard": plan.n_heard, "with_pitch": with_pitch}
    drawn = collect(draw_batches(generator, w, bfloat16=config.bfloat16), fmt, **hearing)
    held_out = collect(real.batches(plan.held_out), fmt, **hearing)
    training = collect(real.batches(plan.training), fmt, advance=advance)
    space = FeatureSpace.fit(training.features[n : 2 * n])
    filled, bins, components = fill_space(space, drawn=drawn, held_out=held_out, training=training, plan=plan)
    memory, distances = find_memorised(space, drawn=drawn, held_out=held_out, training=training, fmt=fmt)
    path, path_details = measure_path(generator, drawn=drawn, held_out=held_out, plan=plan, advance=advance)
    figures: Figures = {**filled, "memorising": memory, "path": path, "seam": compare_seams(drawn, held_out)}
    details: dict[str, Any] = {"space": {"explained": space.explained}, "memorising": distances, "path": path_details}
    if with_rhythm:
        own = hear(real.audio(plan.held_out[: plan.n_heard]), fmt)
        rhythm, details["rhythm"] = measure_rhythms(drawn, held_out, own=own, mel_format=fmt, rng=stream(plan, 4))
        figures |= rhythm
    advance(plan.n_heard)
    if with_pitch and plan.n_heard:
        figures["pitch"] = compare_notes(drawn, held_out)
    report = {"protocol": describe(plan, fmt), "figures": figures, "details": details}
    return Evaluation(report=report, drawn=drawn, held_out=held_out, components=components, bins=bins)


def stream(plan: Plan, number: int) -> np.random.Generator:
    """Make one of the plan's independent streams of random numbers."""
    return np.random.default_rng([plan.config.seed, number])


def describe(plan: Plan, mel_format: LoopFormat) -> dict[str, Any]:
    """Write down how a report came about."""
    return {
        **dataclasses.asdict(plan.config),
        "genres": list(plan.config.genres),
        "n_loops_asked": plan.config.n_loops,
        "n_loops": plan.n_loops,
        "n_training": len(plan.training),
        "n_heard": plan.n_heard,
        "n_paths": plan.n_paths,
        "n_bins": plan.n_bins,
        "n_neighbours": N_NEIGHBOURS,
        "n_components": N_COMPONENTS,
        "significance": SIGNIFICANCE,
        "epsilon": EPSILON,
        "path_distance": "mean squared difference of the mel, each band in its standard deviations (not LPIPS)",
        "format_version": mel_format.version,
    }


def fill_space(
    space: FeatureSpace, *, drawn: LoopSet, held_out: LoopSet, training: LoopSet, plan: Plan
) -> tuple[Figures, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Compare where drawn, training and held-out loops lie: figures, counts of bins, components."""
    n = plan.n_loops
    centers = fit_bins(space.whiten(training.features[n : 2 * n]), n_bins=plan.n_bins, rng=stream(plan, 2))
    sets = (drawn.features, held_out.features, training.features[:n])
    model, held, other = (count_bins(space.whiten(features), centers) for features in sets)
    places, held_places, other_places = (space.project(features) for features in sets)
    density, coverage = density_and_coverage(held_places, places)
    best_density, best_coverage = density_and_coverage(held_places, other_places)
    figures = {
        "bins": {
            "different_share": figure(
                different_bins(model, held) / plan.n_bins, different_bins(other, held) / plan.n_bins
            ),
            "js_divergence_nats": figure(js_divergence(model, held), js_divergence(other, held)),
        },
        "neighbours": {"density": figure(density, best_density), "coverage": figure(coverage, best_coverage)},
    }
    return figures, (model, held), (places, held_places)


def find_memorised(
    space: FeatureSpace, *, drawn: LoopSet, held_out: LoopSet, training: LoopSet, fmt: LoopFormat
) -> tuple[dict[str, Any], dict[str, float]]:
    """Compare how near drawn and held-out loops come to training loops: figures, and tests."""
    columns = min(COLUMNS, fmt.n_frames)
    seen = space.whiten(training.features)
    near, held = (training_distances(space.whiten(s.features), seen, columns=columns) for s in (drawn, held_out))
    compared = compare_distances(near, held)
    closest = compared.pop("closest_share")
    figures = {
        "nearest_median_sd": figure(float(np.median(near)), float(np.median(held))),
        "nearest_least_sd": figure(float(near.min()), float(held.min())),
        "closest_share": figure(closest, 0.01),
    }
    return figures, compared


def measure_path(
    generator: Generator, *, drawn: LoopSet, held_out: LoopSet, plan: Plan, advance: Advance
) -> tuple[dict[str, Any], dict[str, float]]:
    """Measure the path length in W beside that of a straight change: figures, and their spread."""
    scale = band_scale(held_out)
    lengths = path_length(
        generator,
        stream(plan, 3),
        band_sd=scale,
        n_paths=plan.n_paths,
        truncation_psi=plan.config.truncation_psi,
        advance=advance,
    )
    straight = straight_length(drawn, band_sd=scale)
    error = float(lengths.std(ddof=1) / np.sqrt(len(lengths)))
    return {"length_w": figure(float(lengths.mean()), straight)}, {
        "standard_error": error,
        "median": float(np.median(lengths)),
    }


def compare_notes(drawn: LoopSet, held_out: LoopSet) -> dict[str, Any]:
    """Compare the held notes of drawn and held-out loops, both through the vocoder."""
    model, real = ([note for notes in loops.heard.notes for note in notes] for loops in (drawn, held_out))
    shares, real_shares = note_shares(model), note_shares(real)
    figures = {key: figure(shares[key], real_shares[key]) for key in shares}
    n_notes = (len(notes) / len(loops.heard.notes) for notes, loops in ((model, drawn), (real, held_out)))
    return {**figures, "held_notes": figure(*n_notes)}


def compare_seams(drawn: LoopSet, held_out: LoopSet) -> dict[str, Any]:
    """Compare the seams of drawn and held-out loops, in the mel and, if some were heard, in the audio."""
    model, real = seam_figures(drawn.steps), seam_figures(held_out.steps)
    figures = {key: figure(model[key], real[key]) for key in model}
    if len(drawn.heard.seams):
        for key, level in (("audio_step_p95", 0.95), ("audio_step_worst", 1.0)):
            figures[key] = figure(*(float(np.quantile(s.heard.seams, level)) for s in (drawn, held_out)))
    return figures
