"""The whole evaluation, thinned, of vocoders with and without faults."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from training.errors import TrainingError
from training.vocoder_evaluation import report as report_room
from training.vocoder_evaluation.drum_hits import drum_loops
from training.vocoder_evaluation.griffin_lim import own_mel_magnitude
from training.vocoder_evaluation.real_loops import NamedLoop
from training.vocoder_evaluation.report import (
    count_baseline_work,
    count_work,
    evaluate,
    measure_baseline,
    summarise_real_loops,
)
from training.vocoder_evaluation.vocoder_mel import vocoder_mel_magnitude

Resynthesise = Callable[[np.ndarray], np.ndarray]

BASELINE = {"griffin_lim_32_db": [2.0, 4.0], "griffin_lim_32_own_mel_db": [0.5]}


@pytest.fixture(scope="module")
def loops() -> list[NamedLoop]:
    return [("drums", np.roll(drum_loops()[0].sum(axis=0), 5000).clip(-1, 1))]


@pytest.fixture(scope="module")
def faultless(
    identity: Resynthesise, analyse: Resynthesise, loops: list[NamedLoop]
) -> tuple[dict[str, Any], list[int]]:
    """Report of the identity with its baseline, and the counts it advanced by."""
    done: list[int] = []
    return evaluate(identity, loops, analyse=analyse, advance=done.append, n_pitches=2), done


def failed(report: dict[str, Any]) -> set[str]:
    return {check["figure"] for check in report["checks"] if not check["passed"]}


def test_vocoder_without_fault_passes_every_bar(faultless: tuple[dict[str, Any], list[int]]) -> None:
    report, _ = faultless
    assert report["passed"]
    assert failed(report) == set()
    real = report["figures"]["real_loops"]
    assert 1 < real["griffin_lim_32_db"] < 9
    assert 1 < real["griffin_lim_32_own_mel_db"] < 9
    assert real["griffin_lim_32_db"] != real["griffin_lim_32_own_mel_db"]


def test_progress_adds_up_to_the_counted_work(faultless: tuple[dict[str, Any], list[int]]) -> None:
    assert sum(faultless[1]) == count_work(1, n_pitches=2)
    assert count_work(1, n_pitches=2, with_baseline=False) == count_work(1, n_pitches=2) - 2
    assert count_work(0) == 120 + 10 + 8 + 67 + 7 + 2


def test_report_is_plain_json(faultless: tuple[dict[str, Any], list[int]]) -> None:
    report, _ = faultless
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert len(report["details"]["held_notes"]) == 6


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("detuned", {"held_notes.median_cents", "chords.worst_cents", "real_loops.log_spectral_db"}),
        ("noisy", {"silence.half_dbfs", "silence.whole_dbfs", "chords.false_partial_db", "real_loops.mel_l1_decades"}),
        ("delayed", {"onsets.p95_ms"}),
        ("gated", {"held_notes.median_cents", "equal_kicks.correlation", "slide.ripple_db", "real_loops.seam"}),
    ],
)
def test_broken_vocoder_fails_where_it_is_broken(
    fault: str,
    expected: set[str],
    detuned: Callable[[float], Resynthesise],
    noisy: Callable[[float], Resynthesise],
    analyse: Resynthesise,
    loops: list[NamedLoop],
    ignore: Callable[[int], None],
) -> None:
    seconds = np.arange(192_000) / 48_000
    broken = {
        "detuned": detuned(15.0),
        "noisy": noisy(0.0),
        "delayed": lambda audio: np.roll(audio, 300, axis=1),
        "gated": lambda audio: audio * (seconds < 1.5) + seconds,
    }[fault]
    report = evaluate(broken, loops, analyse=analyse, advance=ignore, n_pitches=2, baseline_lsd_db=BASELINE)
    assert not report["passed"]
    assert expected <= failed(report)
    assert BASELINE.keys() <= report["figures"]["real_loops"].keys()
    if fault == "delayed":
        assert not any(figure.startswith(("held", "chords", "equal", "silence")) for figure in failed(report))


def test_same_spectrogram_sets_the_bar_and_the_own_mel_is_only_told(
    identity: Resynthesise, loops: list[NamedLoop], analyse: Resynthesise, ignore: Callable[[int], None]
) -> None:
    report = evaluate(identity, loops, analyse=analyse, advance=ignore, n_pitches=1, baseline_lsd_db=BASELINE)
    check = next(check for check in report["checks"] if check["figure"] == "real_loops.log_spectral_db")
    assert check["bar"] == report["figures"]["real_loops"]["griffin_lim_32_db"] == 3.0
    assert report["figures"]["real_loops"]["griffin_lim_32_own_mel_db"] == 0.5


def test_baselines_are_measured_loop_by_loop_each_from_its_source(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Each stand-in is too quiet by what is then found."""
    quieter_db = {vocoder_mel_magnitude: 3, own_mel_magnitude: 1}
    monkeypatch.setattr(
        report_room,
        "GriffinLim",
        lambda steps, source: lambda audio: audio * np.float32(10 ** (-quieter_db[source] * steps / 32 / 20)),
    )
    noise, silence = rng.uniform(-1, 1, 192_000).astype(np.float32), np.zeros(192_000, np.float32)
    done: list[int] = []
    baseline = measure_baseline([("noise", noise), ("silence", silence)], advance=done.append)
    assert sum(done) == count_baseline_work(2) == 4
    assert baseline["griffin_lim_32_db"] == pytest.approx([3, 0], abs=1e-3)
    assert baseline["griffin_lim_32_own_mel_db"] == pytest.approx([1, 0], abs=1e-3)


def test_worst_seam_is_taken_among_loops_without_an_attack_there() -> None:
    measured = [{"name": "a", "x": 1.0, "seam": None}, {"name": "b", "x": 3.0, "seam": 0.4}]
    assert summarise_real_loops(measured) == {"x": 2.0, "seam": 0.4}
    assert summarise_real_loops(measured[:1]) == {"x": 1.0, "seam": 0.0}


def test_nothing_to_measure_is_refused(
    identity: Resynthesise, analyse: Resynthesise, loops: list[NamedLoop], ignore: Callable[[int], None]
) -> None:
    with pytest.raises(TrainingError, match="loops is empty, at least one real loop is needed; read a folder"):
        evaluate(identity, [], analyse=analyse, advance=ignore)
    with pytest.raises(TrainingError, match=r"short: shape \(100,\), \(192000,\) is needed; cut it"):
        evaluate(identity, [*loops, ("short", np.zeros(100))], analyse=analyse, advance=ignore)
    with pytest.raises(TrainingError, match="n_pitches is 0, at least 1 is needed"):
        evaluate(identity, loops, analyse=analyse, advance=ignore, n_pitches=0)
