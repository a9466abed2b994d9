"""The command that measures vocoders, and the vocoders it knows."""

import json
import pathlib

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.numpy import save_file

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from melgan_vocoder.vocoder_file import save_vocoder
from stylegan_audio import SHIPPED_MODELS
from training.cli import main
from training.errors import TrainingError
from training.procedural import draw_loop
from training.vocoder_evaluation import command, report
from training.vocoder_evaluation.griffin_lim import GriffinLim, own_mel_magnitude
from training.vocoder_evaluation.plain import PlainVocoder, draw_bands, read_tensors
from training.vocoder_evaluation.trained import ExcitationAlone, TrainedVocoder, unheard_loops
from training.vocoder_evaluation.vocoder_mel import vocoder_mel_magnitude

LOOPS = np.stack([draw_loop("bass", 9), draw_loop("techno", 9)])


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["vocoder-eval", *(str(argument) for argument in arguments)])


@pytest.fixture(scope="module")
def toy_path(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("vocoder") / "toy.safetensors"
    vocoder = Vocoder(MelFormat(), VocoderConfig(channels=(8, 8, 8), dilations=(1,), stand_in_channels=8))
    save_vocoder(path, vocoder, card={})
    return path


def test_a_vocoder_is_measured_beside_others_as_json_with_a_picture(
    toy_path: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    picture = tmp_path / "toy.png"
    result = invoke(
        toy_path, "--pitches", 1, "--loops", 2, "--excitation", 32, "--picture", picture, "--json",
        "--drawn-by", SHIPPED_MODELS / "drums.safetensors",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    reports = json.loads(result.stdout)
    assert list(reports) == ["toy", "32 sinusoids"]
    assert reports["32 sinusoids"]["figures"]["held_notes"]["median_cents"] < 5
    assert reports["toy"]["drawn_mel_l1_decades"] > 0
    assert picture.stat().st_size > 10_000


def test_the_table_names_figures_and_bars(toy_path: pathlib.Path) -> None:
    result = invoke(toy_path, "--pitches", 1, "--loops", 1)
    assert result.exit_code == 0, result.output
    assert "held_notes" in result.stdout
    assert "18 bars" in result.stdout


def test_griffin_lim_is_measured_from_the_same_spectrogram_and_from_its_own_mel(
    toy_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}

    def measure_all(vocoders: dict[str, object], *args: object, **kwargs: object) -> dict[str, object]:
        asked.update(vocoders)
        return dict.fromkeys(vocoders)

    monkeypatch.setattr(command, "measure_all", measure_all)
    result = invoke(toy_path, "--loops", 1, "--griffin-lim", 32, "--griffin-lim", 2, "--json")
    assert result.exit_code == 0, result.output
    assert list(json.loads(result.stdout)) == list(asked)
    del asked["toy"]
    assert asked == {
        "Griffin-Lim 32": GriffinLim(32, vocoder_mel_magnitude),
        "Griffin-Lim 32, own mel": GriffinLim(32, own_mel_magnitude),
        "Griffin-Lim 2": GriffinLim(2, vocoder_mel_magnitude),
        "Griffin-Lim 2, own mel": GriffinLim(2, own_mel_magnitude),
    }


def test_progress_of_the_command_adds_up_to_what_it_began_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "GriffinLim", lambda steps, source: lambda audio: audio)
    begun, done = [], []
    command.measure_all(
        {"whole": lambda audio: audio}, [("techno", LOOPS[1])], analyse=lambda audio: audio, n_pitches=1,
        begin=begun.append, advance=done.append,
    )  # fmt: skip
    assert begun == [sum(done)]


def test_a_missing_vocoder_is_one_line(tmp_path: pathlib.Path) -> None:
    result = invoke(tmp_path / "gone.safetensors")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"loopmorph: {tmp_path / 'gone.safetensors'}: no such file")


def test_loops_that_stand_in_for_real_ones_are_those_held_out() -> None:
    names = [name for name, _ in unheard_loops(11)]
    assert names[0] == "techno 9"
    assert names[9] == "techno 19"
    np.testing.assert_array_equal(unheard_loops(1)[0][1], draw_loop("techno", 9))


def test_fewer_sinusoids_are_further_from_the_loop(vocoder: Vocoder) -> None:
    analyse = TrainedVocoder(vocoder).analyse
    rough, fine = (
        np.abs(analyse(ExcitationAlone(vocoder, n_partials=n)(LOOPS)) - analyse(LOOPS)).mean() for n in (1, 32)
    )
    assert rough > 1.2 * fine


def prototype_tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    tensors = {"pre": (8, 128, 7), "post": (5, 6, 7)}
    for stage, (n_in, n_out, stride) in enumerate(((8, 6, 3), (6, 6, 5), (6, 6, 5))):
        tensors[f"stage{stage}.up"] = (n_in, n_out, 2 * stride)
        for block in range(4):
            tensors[f"stage{stage}.res{block}.dilated"] = (n_out, n_out, 3)
            tensors[f"stage{stage}.res{block}.pointwise"] = (n_out, n_out, 1)
    weights = {f"{name}.weight": rng.standard_normal(shape).astype(np.float16) for name, shape in tensors.items()}
    biases = {
        f"{name}.bias": np.zeros(shape[1] if name.endswith(".up") else shape[0], np.float16)
        for name, shape in tensors.items()
    }
    return {name: array * np.float16(0.1) for name, array in {**weights, **biases}.items()}


def test_the_plain_vocoder_draws_loops_circular_in_time(tmp_path: pathlib.Path) -> None:
    save_file(prototype_tensors(), tmp_path / "v.safetensors")
    plain = PlainVocoder(tmp_path / "v.safetensors")
    audio = plain(LOOPS)
    assert audio.shape == LOOPS.shape
    assert np.abs(audio).max() > 0
    np.testing.assert_allclose(plain(np.roll(LOOPS, 3750, axis=1)), np.roll(audio, 3750, axis=1), atol=1e-4)


def test_the_plain_vocoder_repeats_every_hop_on_a_held_note(prototype: pathlib.Path) -> None:
    note = np.sin(2 * np.pi * 220 * np.arange(192_000) / 48_000).astype(np.float32)[None] / 4
    audio = PlainVocoder(prototype / "vocoder.safetensors")(note)
    np.testing.assert_allclose(np.roll(audio, 375 * 64, axis=1), audio, atol=0.02 * np.abs(audio).max())


def test_the_plain_vocoder_draws_the_prototypes_own_example(prototype: pathlib.Path) -> None:
    example = np.load(prototype / "example.npz")
    mel = torch.from_numpy(example["mel"].astype(np.float32))
    bands = draw_bands(mel, read_tensors(prototype / "vocoder.safetensors"))
    np.testing.assert_allclose(bands.numpy(), example["bands"], atol=0.02)


def test_other_tensors_are_refused_as_the_plain_vocoder(tmp_path: pathlib.Path) -> None:
    with pytest.raises(TrainingError, match=r"gone\.safetensors: no such file"):
        PlainVocoder(tmp_path / "gone.safetensors")
    save_file({"a": np.zeros(1, np.float32)}, tmp_path / "a.safetensors")
    with pytest.raises(TrainingError, match=r"a\.safetensors: not the prototype's tensors"):
        PlainVocoder(tmp_path / "a.safetensors")
    (tmp_path / "b.safetensors").write_bytes(b"1234")
    with pytest.raises(TrainingError, match=r"b\.safetensors: not a whole safetensors file"):
        PlainVocoder(tmp_path / "b.safetensors")
