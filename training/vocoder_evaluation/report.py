"""Every figure of a vocoder, held against its bar."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.errors import TrainingError
from training.vocoder_evaluation import hits, silence
from training.vocoder_evaluation.bars import BARS
from training.vocoder_evaluation.chord_set import chord_set
from training.vocoder_evaluation.chords import measure_chords, summarise_chords
from training.vocoder_evaluation.distances import Analyse, log_spectral_distance_db, measure_distances
from training.vocoder_evaluation.griffin_lim import GriffinLim, own_mel_magnitude
from training.vocoder_evaluation.pitch import bass_lines, detuned_pads, held_notes, measure_notes, summarise_notes
from training.vocoder_evaluation.real_loops import NamedLoop
from training.vocoder_evaluation.resynthesis import N_SAMPLES, Advance, Resynthesise, resynthesise_all
from training.vocoder_evaluation.seam import heard_seam
from training.vocoder_evaluation.tones import WAVEFORMS

N_PITCHES = 40
BASELINE_KEYS = ("griffin_lim_32_db", "griffin_lim_32_own_mel_db")
"""Griffin-Lim from the spectrogram that the vocoder is given, and from a finer mel of its own (which has no bar)."""


def evaluate(
    resynthesise: Resynthesise,
    loops: Sequence[NamedLoop],
    *,
    analyse: Analyse,
    advance: Advance,
    n_pitches: int = N_PITCHES,
    baseline_lsd_db: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Any]:
    """Measure a vocoder on test sounds and real loops.

    Parameters
    ----------
    resynthesise : callable
        The vocoder under test: float32 loops `[B, n_samples]`, `B` at most 8, to loops of equal shape.
    loops : sequence of NamedLoop
        Real loops: name and float32 `[n_samples]`.
    analyse : callable
        Loops `[B, n_samples]` to log-magnitude mel in decades.
    advance : callable
        Called with the number of loops after each batch; `count_work` of them in all.
    n_pitches : int
        Pitches of each held waveform, 1 to 40; fewer thin the other sets likewise, for use during training.
    baseline_lsd_db : mapping of str to sequence of float, optional
        What `measure_baseline` found for `loops`, to save its time when several vocoders are compared.

    Returns
    -------
    dict
        JSON-able. `figures` by group, `checks` (a row per bar), `passed`, and `details`: every held note, chord and
        real loop.

    Raises
    ------
    TrainingError
        If there is no loop, one has another length, `n_pitches` is below 1, or what comes back is no audio.
    """
    require_loops(loops, n_pitches)
    held = measure_notes(resynthesise, held_notes(n_pitches), advance=advance)
    pads = measure_notes(resynthesise, detuned_pads(n_pads(n_pitches)), advance=advance)
    bass = measure_notes(resynthesise, bass_lines(n_pads(n_pitches)), advance=advance)
    chords = measure_chords(resynthesise, chord_set(n_pitches), advance=advance)
    if baseline_lsd_db is None:
        baseline_lsd_db = measure_baseline(loops, advance=advance)
    baseline = {key: float(np.mean(distances)) for key, distances in baseline_lsd_db.items()}
    real = measure_real_loops(resynthesise, loops, analyse=analyse, advance=advance)
    figures = {
        "held_notes": summarise_notes(held),
        "detuned_pads": without_jitter(summarise_notes(pads)),
        "bass_lines": summarise_notes(bass),
        **summarise_chords(chords),
        **hits.measure_hits(resynthesise, advance=advance),
        "silence": silence.measure_silence(resynthesise, advance=advance),
        "real_loops": {**summarise_real_loops(real), **baseline},
    }
    checks = [bar.check(figures) for bar in BARS]
    return {
        "figures": figures,
        "checks": checks,
        "passed": all(check["passed"] for check in checks),
        "details": {"held_notes": held, "chords": chords, "real_loops": real},
    }


def count_work(n_loops: int, *, n_pitches: int = N_PITCHES, with_baseline: bool = True) -> int:
    """Loops that `evaluate` will send or measure, for a progress bar; `with_baseline` unless its figures are given."""
    notes = len(WAVEFORMS) * n_pitches + n_pads(n_pitches) + len(bass_lines(n_pads(n_pitches)).loops)
    real = n_loops + with_baseline * count_baseline_work(n_loops)
    return notes + len(chord_set(n_pitches)) + hits.N_LOOPS + silence.N_LOOPS + real


def count_baseline_work(n_loops: int) -> int:
    """Loops that `measure_baseline` will resynthesise, for a progress bar."""
    return len(BASELINE_KEYS) * n_loops


def n_pads(n_pitches: int) -> int:
    """Tell how many pads, and how many bass lines, go with a number of held pitches."""
    return max(2, n_pitches // 4)


def require_loops(loops: Sequence[NamedLoop], n_pitches: int) -> None:
    """Check that there is something to measure.

    Raises
    ------
    TrainingError
        If there is no loop, one has another length, or `n_pitches` is below 1.
    """
    if n_pitches < 1:
        raise TrainingError(f"n_pitches is {n_pitches}, at least 1 is needed; 40 is usual, 8 is quick")
    if not loops:
        raise TrainingError("loops is empty, at least one real loop is needed; read a folder with read_real_loops")
    for name, audio in loops:
        if audio.shape != (N_SAMPLES,):
            raise TrainingError(f"{name}: shape {audio.shape}, ({N_SAMPLES},) is needed; cut it with read_real_loops")


def measure_baseline(loops: Sequence[NamedLoop], *, advance: Advance) -> dict[str, list[float]]:
    """Measure the log-spectral distance of 32 steps of Griffin-Lim, in decibels, for each loop, by `BASELINE_KEYS`."""
    from training.vocoder_evaluation.vocoder_mel import vocoder_mel_magnitude  # noqa: PLC0415 - it brings torch

    stacked = np.stack([audio for _, audio in loops])
    distances = {}
    for key, source in zip(BASELINE_KEYS, (vocoder_mel_magnitude, own_mel_magnitude)):
        audio = resynthesise_all(GriffinLim(32, source), stacked, advance=advance)
        distances[key] = [log_spectral_distance_db(before, after) for before, after in zip(stacked, audio)]
    return distances


def measure_real_loops(
    resynthesise: Resynthesise, loops: Sequence[NamedLoop], *, analyse: Analyse, advance: Advance
) -> list[dict[str, Any]]:
    """Measure distances and seam of every real loop; `seam` is None where an attack hides it."""
    stacked = np.stack([audio for _, audio in loops])
    audio = resynthesise_all(resynthesise, stacked, advance=advance)
    return [
        {"name": name, **measure_distances(before, after, analyse=analyse), "seam": heard_seam(before, after)}
        for (name, before), after in zip(loops, audio)
    ]


def summarise_real_loops(measured: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Average the distances of real loops, and take their worst seam (0 if attacks hide all of them)."""
    keys = [key for key in measured[0] if key not in ("name", "seam")]
    means = {key: float(np.mean([loop[key] for loop in measured])) for key in keys}
    return {**means, "seam": max((loop["seam"] for loop in measured if loop["seam"] is not None), default=0.0)}


def without_jitter(figures: Mapping[str, float]) -> dict[str, float]:
    """Leave out the jitter of pads: their own beating moves the pitch."""
    return {key: value for key, value in figures.items() if not key.startswith("jitter")}
