"""A run: resumed as if it had never stopped, saved at Ctrl-C, ended by one clear error."""

import dataclasses
import json
import pathlib
import signal
from collections.abc import Callable

import numpy as np
import pytest
import torch
from safetensors import safe_open

from melgan_vocoder.vocoder_file import save_vocoder
from training.errors import TrainingError
from training.vocoder.config import VocoderTrainingConfig
from training.vocoder.run import VocoderRun

Start = Callable[..., VocoderRun]


def ignore(progress: object, figures: object) -> None:
    pass


def weights(run: VocoderRun) -> dict[str, torch.Tensor]:
    networks = {
        f"{name}/{key}": value for name, net in run.trainer.networks.items() for key, value in net.state_dict().items()
    }
    for name, optimiser in run.trainer.optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            networks |= {f"{name}/{index}/{key}": value for key, value in state.items()}
    return networks


def lines(folder: pathlib.Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def same_apart_from_time(line: dict[str, float]) -> dict[str, float]:
    return {key: value for key, value in line.items() if key != "elapsed_s"}


def interrupt_at(step: int) -> Callable[..., None]:
    """Presses Ctrl-C once a step is done."""

    def show(progress: object, figures: object) -> None:
        if progress.step == step:  # type: ignore[attr-defined]
            signal.raise_signal(signal.SIGINT)

    return show


def test_interrupted_run_goes_on_as_if_it_had_not_been(start_run: Start, tmp_path: pathlib.Path) -> None:
    whole = start_run(tmp_path / "whole", evaluation_loops=1)
    assert whole.run(ignore) == tmp_path / "whole" / "vocoder.safetensors"
    before = signal.getsignal(signal.SIGINT)
    first = start_run(tmp_path / "cut", evaluation_loops=1)
    assert first.run(interrupt_at(4)) is None
    assert first.progress.step == 4
    assert signal.getsignal(signal.SIGINT) is before
    told: list[str] = []
    second = start_run(tmp_path / "cut", evaluation_loops=1, echo=told.append)
    assert f"{tmp_path / 'cut'}: goes on from step 4" in told
    assert second.run(ignore) is not None
    torch.testing.assert_close(weights(second), weights(whole), rtol=0, atol=0)
    logs = [[same_apart_from_time(line) for line in lines(tmp_path / name)] for name in ("cut", "whole")]
    assert logs[0] == logs[1]
    assert second.progress.losses == whole.progress.losses


def test_crash_between_checkpoints_goes_on_from_the_last_one(start_run: Start, tmp_path: pathlib.Path) -> None:
    whole = start_run(tmp_path / "whole")
    whole.run(ignore)

    def crash(progress: object, figures: object) -> None:
        if progress.step == 5:  # type: ignore[attr-defined]
            raise RuntimeError("power cut")

    ticks = iter(range(0, 10_000, 40))  # each look at the clock is 40 s later: saved after steps 2, 4
    with pytest.raises(RuntimeError, match="power cut"):
        start_run(tmp_path / "cut", checkpoint_minutes=3).run(crash, clock=lambda: float(next(ticks)))
    resumed = start_run(tmp_path / "cut")
    assert 0 < resumed.progress.step < 5
    resumed.run(ignore)
    torch.testing.assert_close(weights(resumed), weights(whole), rtol=0, atol=0)
    steps = [line["step"] for line in lines(tmp_path / "cut")]
    assert steps == sorted(steps)
    assert steps == [line["step"] for line in lines(tmp_path / "whole")]


def test_folder_holds_settings_log_checkpoint_and_a_vocoder_with_its_card(
    start_run: Start, tmp_path: pathlib.Path
) -> None:
    start_run(tmp_path, evaluation_loops=1).run(ignore)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["checkpoint.safetensors", "config.yaml", "log.jsonl", "vocoder.safetensors"]
    with safe_open(tmp_path / "vocoder.safetensors", framework="np") as file:
        card = json.loads(file.metadata()["card"])
    assert (card["corpus"], card["preset"], card["steps"], card["seed"]) == ("hits over tones", "toy", 6, 0)
    assert set(card["metrics"]) == {"held_out_mel", "held_out_stft", "held_out_stand_in"}
    assert [(line["step"], line["kind"]) for line in lines(tmp_path)] == [
        (2, "training"), (4, "training"), (4, "held_out"), (6, "training"), (6, "held_out")
    ]  # fmt: skip


def test_finished_run_is_not_trained_on_until_its_limit_is_raised(start_run: Start, tmp_path: pathlib.Path) -> None:
    start_run(tmp_path, steps=2).run(ignore)
    again = start_run(tmp_path, steps=2)
    assert again.run(ignore) is not None
    assert again.progress.step == 2
    further = start_run(tmp_path, steps=3)
    further.run(ignore)
    assert further.progress.step == 3


def test_minutes_end_a_run(start_run: Start, tmp_path: pathlib.Path) -> None:
    ticks = iter(range(0, 10_000, 5))
    run = start_run(tmp_path, steps=100, minutes=0.5)
    assert run.run(ignore, clock=lambda: float(next(ticks))) is not None
    assert 1 < run.progress.step < 6
    assert run.progress.elapsed_s >= 30


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(start_run: Start, tmp_path: pathlib.Path) -> None:
    run = start_run(tmp_path, steps=2)
    run.run(ignore)
    before = run.checkpoint.read_bytes()
    (run.checkpoint.parent / f"{run.checkpoint.name}.partial").mkdir()
    with pytest.raises(OSError, match=r"cannot be written"):
        run.save()
    assert run.checkpoint.read_bytes() == before
    assert start_run(tmp_path, steps=2).progress.step == 2


@pytest.mark.parametrize("content", [b"", b"cut short", None], ids=["empty", "text", "half"])
def test_broken_checkpoint_is_named_and_kept(start_run: Start, tmp_path: pathlib.Path, content: bytes | None) -> None:
    start_run(tmp_path, steps=1).run(ignore)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if content is None else content)
    kept = path.read_bytes()
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors: not a whole checkpoint .* put a copy back, or"):
        start_run(tmp_path, steps=1)
    assert path.read_bytes() == kept


def test_other_settings_are_refused_and_the_run_stays(
    start_run: Start, toy: VocoderTrainingConfig, tmp_path: pathlib.Path
) -> None:
    start_run(tmp_path, steps=1).run(ignore)
    kept = (tmp_path / "config.yaml").read_bytes()
    with pytest.raises(TrainingError, match="its run has seed 0 where 3 is asked for"):
        start_run(tmp_path, dataclasses.replace(toy, seed=3), steps=1)
    assert (tmp_path / "config.yaml").read_bytes() == kept


def test_other_corpus_is_refused(start_run: Start, tmp_path: pathlib.Path) -> None:
    start_run(tmp_path, steps=1).run(ignore)
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("corpus: ''", "corpus: 0123"), encoding="utf-8")
    with pytest.raises(TrainingError, match="corpus"):
        start_run(tmp_path, steps=1)


def test_losses_that_are_not_finite_are_skipped_counted_and_at_last_an_error(
    start_run: Start, toy: VocoderTrainingConfig, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(toy, optimiser=dataclasses.replace(toy.optimiser, max_bad_steps=3))
    run = start_run(tmp_path / "a", config)
    step = run.trainer.train_step
    monkeypatch.setattr(
        run.trainer, "train_step", lambda cuts, **at: None if at["step"] in (1, 2, 4) else step(cuts, **at)
    )
    assert run.run(ignore) is not None
    assert run.progress.skipped == 3
    assert lines(tmp_path / "a")[-1]["skipped"] == 3
    run = start_run(tmp_path / "b", config)
    monkeypatch.setattr(run.trainer, "train_step", lambda cuts, **at: None)
    message = (
        "losses up to step 3 were not finite 3 times in a row, finite ones are needed; lower learning_rate .* anew"
    )
    with pytest.raises(TrainingError, match=message):
        run.run(ignore)


def test_new_run_begins_with_the_weights_of_a_file(start_run: Start, tmp_path: pathlib.Path) -> None:
    source = start_run(tmp_path / "source", steps=1).trainer.vocoder
    with torch.no_grad():
        source.pre.bias.fill_(0.25)
    save_vocoder(tmp_path / "old.safetensors", source, card={})
    run = start_run(tmp_path / "new", begin_with=tmp_path / "old.safetensors")
    assert torch.equal(run.trainer.vocoder.pre.bias, source.pre.bias)
    assert torch.equal(run.trainer.averaged.pre.bias, source.pre.bias)


def interrupt_twice(progress: object, figures: object) -> None:
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


def test_second_interrupt_stops_at_once_and_says_that_nothing_was_saved(
    start_run: Start, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, before = start_run(tmp_path), signal.getsignal(signal.SIGINT)
    with pytest.raises(TrainingError, match="stopped at once, no checkpoint had been saved; run the same command"):
        run.run(interrupt_twice)
    assert capfd.readouterr().err == ("stopping after this step, then saving; Ctrl-C again stops at once, unsaved\n")
    assert (run.progress.step, run.checkpoint.exists()) == (1, False)
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_names_what_was_saved_last(start_run: Start, tmp_path: pathlib.Path) -> None:
    def impatient(progress: object, figures: object) -> None:
        if progress.step == 4:  # type: ignore[attr-defined]
            interrupt_twice(progress, figures)

    ticks = iter(range(0, 10_000, 40))  # each look at the clock is 40 s later: saved after step 3
    message = r"stopped at once; .*checkpoint\.safetensors was saved at step 3, the same command goes on from there"
    with pytest.raises(TrainingError, match=message):
        start_run(tmp_path, checkpoint_minutes=3).run(impatient, clock=lambda: float(next(ticks)))
    resumed = start_run(tmp_path)
    assert resumed.progress.step == 3
    with pytest.raises(TrainingError, match="was saved at step 3, the same"):
        resumed.run(interrupt_twice)


def test_run_without_held_out_loops_is_only_trained(start_run: Start, tmp_path: pathlib.Path) -> None:
    run = start_run(tmp_path, steps=1)
    run.run(ignore)
    assert run.progress.losses == {}
    assert np.isfinite(run.progress.elapsed_s)
