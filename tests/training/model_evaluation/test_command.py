"""The command: a whole run on files, and its errors."""

import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from melgan_vocoder.command_line import CommandLine
from melgan_vocoder.format import MelFormat, OneChannelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.generator import Generator
from stylegan_audio.generator_weights import generator_tensors
from stylegan_audio.model_file import CARD_KEYS, ModelIdentity, read_model_header, write_model
from training.checkpoint import Progress, write_checkpoint
from training.corpus import CorpusLoop, write_corpus
from training.gan.config import GanTrainingConfig
from training.gan.export import export_run
from training.gan.networks import make_networks
from training.gan.preset import GAN_PRESETS
from training.gan.saved_run import KIND
from training.model_evaluation import plan, report, run
from training.model_evaluation.command import evaluate
from training.model_evaluation.plan import EvaluationConfig, make_plan
from training.model_evaluation.report import Evaluation


def invoke(*arguments: object) -> Result:
    group = CommandLine(commands={"evaluate": evaluate})
    return CliRunner().invoke(group, ["evaluate", *map(str, arguments)])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Twelve held-out and 24 training loops: a kick on every beat, hats on four sixteenths."""
    folder = tmp_path_factory.mktemp("evaluation") / "corpus"
    write_corpus(folder, drum_loops(36))
    return folder


def drum_loops(n: int) -> Iterator[CorpusLoop]:
    rng = np.random.default_rng(0)
    kick = 0.7 * np.sin(2 * np.pi * 55 * np.arange(6000) / 48_000) * np.exp(-np.arange(6000) / 1500)
    for number in range(n):
        audio = np.zeros(192_000)
        for beat in range(8):
            audio[24_000 * beat :][:6000] += kick
        for cell in rng.choice(32, 4, replace=False):
            audio[6000 * cell :][:2000] += 0.1 * rng.standard_normal(2000) * np.exp(-np.arange(2000) / 400)
        split = "held_out" if number < 12 else "train"
        yield CorpusLoop(
            audio=audio.astype(np.float32), genre="drums", source=str(number), licence="CC0-1.0", split=split
        )


@pytest.fixture
def model(
    tmp_path: pathlib.Path,
    narrow_config: ModelConfig,
    shaken: Callable[[Generator], Generator],
    seeded_torch: None,
) -> pathlib.Path:
    """A narrow model of one channel that has learned nothing."""
    path = tmp_path / "toy.safetensors"
    generator = shaken(Generator(OneChannelFormat(), narrow_config))
    card = {**dict.fromkeys(CARD_KEYS, "none"), "kimg": 0}
    write_model(
        path,
        generator_tensors(generator),
        identity=ModelIdentity(name="toy", genre="noise", role="rhythm", card=card),
        config=narrow_config,
        mel_format=generator.mel_format,
    )
    return path


def test_run_writes_report_and_picture_and_finds_an_untrained_model_out(
    model: pathlib.Path,
    corpus: pathlib.Path,
    vocoder_path: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan, "MIN_LOOPS", 12)
    monkeypatch.setattr(plan, "MIN_PATHS", 4)
    out = tmp_path / "new" / "out"
    result = invoke(model, corpus, "--vocoder", vocoder_path, "--heard", 2, "--out", out, "--device", "cpu", "--json")
    assert result.exit_code == 0, result.output
    written = json.loads((out / "report.json").read_text())
    assert json.loads(result.stdout) == written
    assert sorted(path.name for path in out.iterdir()) == ["picture.png", "report.json"]
    assert not list(tmp_path.rglob("evaluation.json"))
    assert written["model"]["name"] == "toy"
    assert (written["protocol"]["n_loops"], written["protocol"]["n_heard"]) == (12, 2)
    figures = written["figures"]
    assert figures["neighbours"]["coverage"]["model"] < 0.2 < figures["neighbours"]["coverage"]["reference"]
    assert figures["rhythm_mel"]["on_grid"]["reference"] > 0.95
    assert figures["rhythm_mel"]["at_tempo"]["reference"] > 0.9
    assert written["details"]["rhythm"]["corpus_audio"]["on_grid"] == 1


@pytest.fixture
def trained(tmp_path: pathlib.Path, narrow_config: ModelConfig) -> pathlib.Path:
    """The folder of a narrow run that has learned nothing in 3200 loops."""
    folder, config = tmp_path / "run", GanTrainingConfig(preset="toy", model=narrow_config)
    networks = make_networks(config, MelFormat()).named()
    GAN_PRESETS.keep(folder, config, is_begun=False)
    checkpoint, progress = folder / "checkpoint.safetensors", Progress(step=50)
    write_checkpoint(checkpoint, progress, kind=KIND, mel_format=MelFormat(), networks=networks, optimisers={})
    return folder


def test_run_is_measured_and_its_figures_come_on_the_card_of_its_model_file(
    trained: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MIN_LOOPS", 12)
    monkeypatch.setattr(plan, "MIN_PATHS", 4)
    result = invoke(trained, corpus, "--mel-only", "--role", "texture", "--device", "cpu", "--json")
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["model"]["name"], printed["model"]["role"]) == ("run", "texture")
    written = json.loads((trained / "evaluation.json").read_text())
    assert written["kimg"] == 3.2
    assert written["metrics"] == {
        "compared_with": "12 held-out loops (all genres) of another corpus", "truncation_psi": 1.0, **printed["figures"]
    }  # fmt: skip
    assert "rhythm_mel" not in written["metrics"]
    told: list[str] = []
    target = tmp_path / "toy.safetensors"
    export_run(trained, target, name="toy", genre="noise", role="texture", key=None, echo=told.append)
    assert read_model_header(target).identity.card["metrics"] == written["metrics"]
    assert told == []
    assert not list(trained.glob("*.partial"))


def test_table_is_printed_of_what_was_asked_for(
    model: pathlib.Path, monkeypatch: pytest.MonkeyPatch, world: Any
) -> None:
    asked: dict[str, Any] = {}

    def evaluate_file(model: pathlib.Path, corpus: pathlib.Path, **arguments: Any) -> Evaluation:
        asked.update(arguments)
        toy = make_plan(world.real.corpus, EvaluationConfig(n_loops=40), with_audio=False)
        evaluation = report.evaluate(world.model(), world.real, plan=toy, advance=lambda n: None)
        evaluation.report["model"] = {"name": "toy"}
        return evaluation

    monkeypatch.setattr(run, "evaluate_file", evaluate_file)
    options = (
        "--mel-only",
        "--bfloat16",
        "--genre",
        "a",
        "--genre",
        "b",
        "--truncation",
        0.5,
        "--loops",
        60,
        "--seed",
        7,
        "--role",
        "pad",
    )
    result = invoke(model, "somewhere", *options)
    assert result.exit_code == 0, result.output
    assert "bins.js_divergence_nats" in result.stdout
    config = EvaluationConfig(n_loops=60, genres=("a", "b"), truncation_psi=0.5, bfloat16=True, seed=7)
    assert (asked["config"], asked["mel_only"], asked["vocoder"], asked["role"]) == (config, True, None, "pad")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("gone.safetensors", "CORPUS"), "gone.safetensors: no such file"),
        (("MODEL", "gone"), "manifest.jsonl: no such file"),
        (("MODEL", "CORPUS", "--genre", "polka"), "0 held-out and 0 training loops of polka"),
        (("MODEL", "CORPUS", "--vocoder", "gone.safetensors"), "gone.safetensors: no such file"),
    ],
)
def test_what_is_missing_is_one_line_and_status_1(
    arguments: tuple[str, ...], text: str, model: pathlib.Path, corpus: pathlib.Path
) -> None:
    result = invoke(*({"MODEL": model, "CORPUS": corpus}.get(name, name) for name in arguments))
    assert result.exit_code == 1
    assert result.stderr.startswith("loopmorph: ")
    assert result.stderr.count("\n") == 1
    assert text in result.stderr


@pytest.mark.parametrize("option", [("--loops", 39), ("--truncation", 2), ("--seed", -1), ("--heard", 0)], ids=str)
def test_wrong_usage_is_status_2(option: tuple[Any, ...], model: pathlib.Path, corpus: pathlib.Path) -> None:
    result = invoke(model, corpus, *option)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
