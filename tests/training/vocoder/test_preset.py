"""YAML -> settings: every preset loads, and what does not fit is named."""

import dataclasses
import pathlib

import pytest

from melgan_vocoder.format import MelFormat
from training.errors import TrainingError
from training.preset import require_same, write_config
from training.vocoder.command import PRESETS
from training.vocoder.config import MIN_HALO, BatchConfig, LossConfig, OptimiserConfig, RunConfig, analysis_reach
from training.vocoder.preset import VOCODER_PRESETS


def test_command_offers_the_presets_that_there_are() -> None:
    assert sorted(PRESETS) == VOCODER_PRESETS.names()


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_written_and_read_alike(name: str, tmp_path: pathlib.Path) -> None:
    config = VOCODER_PRESETS.load(name)
    assert config.preset == name
    path = tmp_path / "config.yaml"
    write_config(path, config)
    assert VOCODER_PRESETS.read(path.read_text(encoding="utf-8"), source="config.yaml") == config
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windows: [4096]", r"loss windows is \(4096,\), at most the 1500 samples of segment_frames 4"),
        ("windows: [64], band_windows: [512]", "loss band_windows is .*, at most the 300 samples"),
        ("windows: [64], band_windows: [64]", "discriminator windows is .*, at most the 1500 samples"),
    ],
)
def test_windows_longer_than_the_segment_are_refused(text: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        VOCODER_PRESETS.read(f"{{batch: {{segment_frames: 4}}, loss: {{{text}}}}}", source="x.yaml")


@pytest.mark.parametrize(
    ("low_window", "gate_frames", "reach"), [(4096, 1, 6), (6000, 1, 8), (6001, 1, 9), (4096, 7, 8), (2048, 1, 3)]
)
def test_reach_is_half_a_window_or_the_gate(low_window: int, gate_frames: int, reach: int) -> None:
    assert analysis_reach(MelFormat(low_window=low_window, gate_window=512, gate_frames=gate_frames)) == reach


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", r"x\.yaml: no YAML \(.*\); a mapping of settings is needed; correct it"),
        ("- 1", r"x\.yaml: settings is \[1\], a mapping of settings is needed"),
        ("sede: 1", r"x\.yaml: settings has 'sede', one of batch, .*, seed is needed; correct or remove it"),
        ("batch: {size: 2}", "batch has 'size', one of batch_size"),
        ("batch: 3", "batch is 3, a mapping of settings is needed"),
        ("batch: {batch_size: 2.5}", "batch_size is 2.5, a whole number is needed"),
        ("batch: {batch_size: true}", "batch_size is True, a whole number is needed"),
        (
            "optimiser: {learning_rate: 1e-3}",
            r"learning_rate is '1e-3', a number \(1e-3 is written 1\.0e-3\) is needed",
        ),
        ("optimiser: {betas: 0.9}", "betas is 0.9, a list is needed"),
        ("loss: {adversarial: 1}", "adversarial is 1, a word is needed"),
        ("generator: {channels: [1]}", "vocoder has 1 channels for 3 strides"),
        ("discriminator: {n_scales: 9}", "discriminator n_scales 9"),
        ("batch: {batch_size: 0}", "batch_size is 0, at least 1 is needed; correct it in the preset"),
    ],
)
def test_settings_that_do_not_fit_are_named(text: str, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        VOCODER_PRESETS.read(text, source="x.yaml")


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (BatchConfig, {"halo_frames": MIN_HALO - 1}, f"halo_frames is {MIN_HALO - 1}, at least {MIN_HALO} is needed"),
        (BatchConfig, {"segment_frames": 3}, "segment_frames is 3, at least 4 is needed"),
        (BatchConfig, {"gain_db": (3, -3)}, "a least and a greatest gain in dB is needed"),
        (BatchConfig, {"mix_share": 1.1}, "mix_share is 1.1, a share from 0 to 1"),
        (BatchConfig, {"resample_semitones": 25}, "a number from 0 to 24"),
        (LossConfig, {"windows": ()}, "windows of at least 16 samples"),
        (LossConfig, {"stft_weight": -1}, "stft_weight is -1, a weight from 0 to 1000"),
        (LossConfig, {"mel_weight": float("nan")}, "mel_weight is nan, a weight"),
        (LossConfig, {"adversarial": "wasserstein"}, "adversarial is 'wasserstein', least_squares or hinge is needed"),
        (OptimiserConfig, {"learning_rate": 0}, "learning_rate is 0, a number above 0"),
        (OptimiserConfig, {"warmup_steps": -1}, "warmup_steps is -1, at least 0"),
        (OptimiserConfig, {"betas": (0.8, 1.0)}, "betas is 1.0, a number from 0 to below 1"),
        (OptimiserConfig, {"final_share": 2}, "final_share is 2, a share"),
        (OptimiserConfig, {"max_bad_steps": 0}, "max_bad_steps is 0, at least 1"),
        (OptimiserConfig, {"precision": "float16"}, "precision is 'float16', float32 or bfloat16 is needed"),
        (RunConfig, {"steps": 0}, "steps is 0, at least 1"),
        (RunConfig, {"minutes": -1}, "minutes is -1, at least 0"),
    ],
)
def test_impossible_value_is_refused(kind: type, settings: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        kind(**settings)


def test_unknown_preset_is_refused() -> None:
    with pytest.raises(TrainingError, match="vocoder preset 'huge' is unknown, one of base, cpu, toy is needed"):
        VOCODER_PRESETS.load("huge")


def test_limits_may_change_and_nothing_else() -> None:
    toy = VOCODER_PRESETS.load("toy")
    require_same(toy, dataclasses.replace(toy, run=RunConfig(steps=99)), source="out")
    message = r"out: its run has preset toy where cpu is asked for, .*; choose that preset and seed, or another folder"
    with pytest.raises(TrainingError, match=message):
        require_same(toy, VOCODER_PRESETS.load("cpu"), source="out")
    with pytest.raises(TrainingError, match="out: its run has seed 0 where 1 is asked for; the settings"):
        require_same(toy, dataclasses.replace(toy, seed=1), source="out")
