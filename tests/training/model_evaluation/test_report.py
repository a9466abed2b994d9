"""The whole evaluation of models without and with faults."""

import json
from typing import Any

import numpy as np
import pytest

from melgan_vocoder.generator import Vocoder
from training.model_evaluation.listening import listen_through
from training.model_evaluation.plan import EvaluationConfig, Plan, make_plan
from training.model_evaluation.report import Evaluation, evaluate


def plan_of(world: Any, *, n_heard: int = 0, **asked: Any) -> Plan:
    config = EvaluationConfig(n_heard=max(1, n_heard), **asked)
    return make_plan(world.real.corpus, config, with_audio=n_heard > 0)


def measure(world: Any, draw: Any = None, **asked: Any) -> Evaluation:
    return evaluate(world.model(draw), world.real, plan=plan_of(world, **asked), advance=lambda n: None)


def ratios(evaluation: Evaluation) -> dict[str, float]:
    return {
        f"{group}.{key}": row["ratio"]
        for group, figures in evaluation.report["figures"].items()
        for key, row in figures.items()
    }


@pytest.fixture(scope="module")
def faultless(world: Any) -> Evaluation:
    return measure(world)


def test_model_of_the_same_distribution_is_as_good_as_real_loops(faultless: Evaluation) -> None:
    ratio, figures = ratios(faultless), faultless.report["figures"]
    assert ratio["bins.js_divergence_nats"] < 2.5
    assert figures["bins"]["different_share"]["model"] <= 0.3
    for name in ("neighbours.density", "neighbours.coverage", "memorising.nearest_median_sd", "seam.mel_over_bar_line"):
        assert ratio[name] == pytest.approx(1, abs=0.15)
    assert ratio["path.length_w"] == pytest.approx(1, abs=0.15)
    assert faultless.report["details"]["memorising"]["ks_p"] > 0.01


def test_shifted_model_is_caught(world: Any) -> None:
    shifted = measure(world, lambda w: world.draw(w + 2.0))
    assert ratios(shifted)["bins.js_divergence_nats"] > 5
    assert ratios(shifted)["neighbours.coverage"] < 0.7
    assert shifted.report["figures"]["bins"]["different_share"]["model"] > 0.4


def test_collapsed_model_is_caught(world: Any) -> None:
    collapsed = measure(world, lambda w: world.draw(0.05 * w))
    assert ratios(collapsed)["bins.js_divergence_nats"] > 5
    assert ratios(collapsed)["neighbours.coverage"] < 0.5
    assert ratios(collapsed)["neighbours.density"] > 1


def test_memorising_model_is_caught_though_its_distribution_is_right(world: Any, faultless: Evaluation) -> None:
    def draw(w: np.ndarray) -> np.ndarray:
        return world.training[(np.abs(w[:, 0]) * 1e4).astype(int) % len(world.training)]

    memorising = measure(world, draw)
    assert ratios(memorising)["bins.js_divergence_nats"] < 3
    assert memorising.report["details"]["memorising"]["ks_closer_p"] < 1e-6
    assert memorising.report["figures"]["memorising"]["closest_share"]["model"] > 0.9
    assert faultless.report["details"]["memorising"]["ks_closer_p"] > 0.01


def test_cut_model_is_caught(world: Any) -> None:
    cut = measure(world, lambda w: world.draw(w) + np.linspace(0, 2, 64))
    assert cut.report["figures"]["seam"]["mel_step_p95"]["model"] > 1
    assert ratios(cut)["seam.mel_over_bar_line"] > 2


def test_report_is_plain_json_and_the_same_again(world: Any, faultless: Evaluation) -> None:
    report = faultless.report
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert measure(world).report == report
    assert measure(world, seed=1).report["figures"] != report["figures"]
    protocol = report["protocol"]
    assert (protocol["n_loops_asked"], protocol["n_loops"], protocol["n_bins"]) == (2000, 200, 10)
    assert "LPIPS" in protocol["path_distance"]


def test_progress_adds_up_and_audio_is_measured_if_there_is_a_vocoder(world: Any, toy_vocoder: Vocoder) -> None:
    plan, counts = plan_of(world, n_heard=6, n_loops=40), []
    evaluation = evaluate(
        world.model(), world.real, plan=plan, advance=counts.append, listen=listen_through(toy_vocoder)
    )
    assert sum(counts) == plan.work
    assert len(evaluation.drawn.heard.seams) == len(evaluation.held_out.heard.seams) == 6
    assert {"rhythm_mel", "rhythm_audio", "twin"} <= set(evaluation.report["figures"])
    assert {"audio_step_p95", "audio_step_worst"} <= set(evaluation.report["figures"]["seam"])
    assert set(evaluation.report["details"]["rhythm"]) == {"mel", "audio", "corpus_audio"}
    json.dumps(evaluation.report, allow_nan=False)


def test_models_without_rhythm_are_not_held_to_the_grid(world: Any) -> None:
    plan = plan_of(world, n_loops=40)
    report = evaluate(world.model(), world.real, plan=plan, advance=lambda n: None, with_rhythm=False).report
    assert not {"rhythm_mel", "rhythm_audio", "twin"} & set(report["figures"])
    assert "rhythm" not in report["details"]


def test_truncation_reaches_the_models_loops(world: Any) -> None:
    mean = measure(world, n_loops=40, truncation_psi=0.0)
    assert np.ptp(mean.drawn.features, axis=0).max() == 0
    assert mean.report["figures"]["path"]["length_w"]["model"] == 0
