"""A run: goes on bit for bit after Ctrl-C, a crash or kill -9, draws and logs, and ends with one clear error."""

import importlib.util
import json
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from melgan_vocoder.errors import VocoderError
from training.errors import TrainingError
from training.gan import pictures
from training.gan.config import BatchConfig
from training.gan.reals import Material
from training.gan.run import GanRun

Start = Callable[..., GanRun]
SCRIPT = pathlib.Path(__file__).with_name("killed_run.py")


def ignore(progress: object, figures: object) -> None:
    pass


def weights(run: GanRun) -> dict[str, torch.Tensor]:
    values = {
        f"{name}/{key}": value for name, net in run.trainer.networks.items() for key, value in net.state_dict().items()
    }
    for name, optimiser in run.trainer.optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            values |= {f"{name}/{index}/{key}": value for key, value in state.items()}
    return values


def lines(folder: pathlib.Path) -> list[dict[str, object]]:
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "elapsed_s"} for line in log]


def interrupt_at(step: int) -> Callable[..., None]:
    def show(progress: object, figures: object) -> None:
        if progress.step == step:  # type: ignore[attr-defined]
            signal.raise_signal(signal.SIGINT)

    return show


def test_interrupted_run_goes_on_as_if_it_had_not_been(start_run: Start, tmp_path: pathlib.Path) -> None:
    whole = start_run(tmp_path / "whole")
    assert whole.run(ignore) == tmp_path / "whole" / "checkpoint.safetensors"
    assert (whole.progress.step, whole.label) == (6, "0.048 kimg")
    assert start_run(tmp_path / "cut").run(interrupt_at(3)) is None
    told: list[str] = []
    resumed = start_run(tmp_path / "cut", echo=told.append)
    assert f"{tmp_path / 'cut'}: goes on from 0.024 kimg" in told
    assert resumed.progress.step == 3
    assert resumed.run(ignore) is not None
    torch.testing.assert_close(weights(resumed), weights(whole), rtol=0, atol=0)
    logs = lines(tmp_path / "cut"), lines(tmp_path / "whole")
    assert [[line["step"] for line in log] for log in logs] == [[2, 4, 6]] * 2
    assert logs[0][2] == logs[1][2]  # a mean over the cut knows what came after it alone


def test_first_interrupt_is_told_at_once_by_the_process_that_speaks(
    start_run: Start, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for is_told, lines_told in ((True, 1), (False, 0)):
        run = start_run(tmp_path / str(is_told))
        run.is_told = is_told
        assert run.run(interrupt_at(2)) is None
        assert capfd.readouterr().err.count("stopping after this step, then saving") == lines_told
        assert run.progress.step == 2


def test_run_that_is_killed_in_the_midst_of_a_save_goes_on_bit_for_bit(
    material: Material, tmp_path: pathlib.Path
) -> None:
    np.save(tmp_path / "loops.npy", np.asarray(material.spectrograms))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "killed"), str(tmp_path / "loops.npy")]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (tmp_path / "killed" / "checkpoint.safetensors.partial").is_file()
    spec = importlib.util.spec_from_file_location("killed_run", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    resumed, whole = (script.start(tmp_path / name, np.asarray(material.spectrograms)) for name in ("killed", "whole"))
    assert resumed.progress.step == 3
    for run in (resumed, whole):
        script.train(run)
    torch.testing.assert_close(weights(resumed), weights(whole), rtol=0, atol=0)
    assert not (tmp_path / "killed" / "checkpoint.safetensors.partial").exists()
    assert lines(tmp_path / "killed")[2] == lines(tmp_path / "whole")[2]


def test_folder_holds_settings_card_log_and_pictures(
    start_run: Start, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise VocoderError("vocoder.safetensors: no such file; install it")

    monkeypatch.setattr(pictures, "load_vocoder", missing)
    told: list[str] = []
    run = start_run(tmp_path, run={"pictures": 4, "sounds": 1}, echo=told.append)
    run.run(ignore)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "card.json", "checkpoint.safetensors", "config.yaml", "log.jsonl", "pictures"
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["000000032.png", "000000048.png"]
    assert told[-1] == "no sounds in TensorBoard: vocoder.safetensors: no such file; install it"
    assert len([line for line in told if line.startswith("no sounds")]) == 1
    assert [line["step"] for line in lines(tmp_path)] == [2, 4, 6]
    assert {"discriminator", "generator", "r1", "real_sign", "augmentation", "skipped", "kimg"} <= set(
        lines(tmp_path)[0]
    )


def test_sounds_of_the_sample_loops_are_kept(
    start_run: Start, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "load_vocoder", lambda: torch.nn.Flatten())
    run, heard = start_run(tmp_path, run={"sounds": 2}), []
    monkeypatch.setattr(run.log, "sound", lambda step, name, audio: heard.append((step, name, tuple(audio.shape))))
    run.evaluate()
    assert heard == [(0, "loop 0", (2 * 16 * 64,)), (0, "loop 1", (2 * 16 * 64,))]


def test_picture_shows_loops_in_rows_lowest_band_below(tmp_path: pathlib.Path) -> None:
    loops = np.full((4, 2, 3, 5), -1.0, dtype=np.float32)
    loops[2, 0, 0, 4] = 1.0
    pixels = pictures.draw_picture(loops, floor=-1.0)
    assert pixels.shape == (2 * 7, 2 * 9, 3)
    bright = pixels.sum(axis=2) == pixels.sum(axis=2).max()
    inner = bright[9:12, 2:7]
    assert np.argwhere(inner).tolist() == [[2, 4]]
    pictures.save_picture(tmp_path / "new" / "picture.png", pixels)
    assert (tmp_path / "new" / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_evaluation_stays_with_its_run_and_not_with_one_begun_anew(start_run: Start, tmp_path: pathlib.Path) -> None:
    start_run(tmp_path, run={"kimg": 0.008}).run(ignore)
    (tmp_path / "evaluation.json").write_text("{}")
    start_run(tmp_path, run={"kimg": 0.016})
    assert (tmp_path / "evaluation.json").exists()
    (tmp_path / "checkpoint.safetensors").unlink()
    start_run(tmp_path)
    assert not (tmp_path / "evaluation.json").exists()


def test_other_settings_are_refused_and_limits_may_change(start_run: Start, tmp_path: pathlib.Path) -> None:
    start_run(tmp_path, run={"kimg": 0.008}).run(ignore)
    with pytest.raises(TrainingError, match=r"its run has loss\.r1_gamma 0\.2 where 0\.5 is asked for"):
        start_run(tmp_path, loss={"r1_gamma": 0.5})
    further = start_run(tmp_path, run={"kimg": 0.016})
    further.run(ignore)
    assert further.progress.step == 2


def test_bad_steps_are_counted_and_many_in_a_row_end_the_run(
    start_run: Start, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start_run(tmp_path, optimiser={"max_bad_steps": 3})
    step = run.trainer.train_step
    monkeypatch.setattr(
        run.trainer, "train_step", lambda real, *, step: None if step in (1, 2) else real_step(real, step)
    )

    def real_step(real: np.ndarray, number: int) -> object:
        return step(real, step=number)

    run.run(ignore)
    assert run.progress.skipped == 2
    again = start_run(tmp_path, optimiser={"max_bad_steps": 3}, run={"kimg": 1.0})
    monkeypatch.setattr(again.trainer, "train_step", lambda real, *, step: None)
    message = r"losses up to step 9 were not finite 3 times in a row, .* it begins from .*checkpoint\.safetensors"
    with pytest.raises(TrainingError, match=message):
        again.run(ignore)


def test_new_run_begins_with_a_run(start_run: Start, tmp_path: pathlib.Path) -> None:
    old = start_run(tmp_path / "old")
    old.run(ignore)
    new = start_run(tmp_path / "new", begin_with=tmp_path / "old", loss={"r1_gamma": 0.5})
    assert new.progress.step == 0
    for name in ("generator", "averaged", "discriminator"):
        torch.testing.assert_close(
            new.trainer.networks[name].state_dict(), old.trainer.networks[name].state_dict(), rtol=1e-6, atol=1e-7
        )


def test_run_that_has_not_saved_is_no_beginning(start_run: Start, tmp_path: pathlib.Path) -> None:
    start_run(tmp_path / "old")
    with pytest.raises(
        TrainingError, match=r"checkpoint\.safetensors: no such file, the folder of a run that has saved"
    ):
        start_run(tmp_path / "new", begin_with=tmp_path / "old")


def test_last_part_of_a_batch_is_the_batch(start_run: Start, tmp_path: pathlib.Path) -> None:
    run = start_run(tmp_path, batch=BatchConfig(batch_size=8, images_per_pass=4), loss={"r1_images": 8})
    assert (run.limits.steps, run.limits.evaluate_every, run.per_step) == (6, 4, 8)


@pytest.mark.parametrize(
    ("is_first", "is_done", "is_asked", "ends"),
    [(True, True, False, True), (False, True, False, False), (False, False, True, True), (True, False, False, False)],
)
def test_of_several_processes_the_first_says_when_it_is_done_and_any_may_be_interrupted(
    is_first: bool, is_done: bool, is_asked: bool, ends: bool
) -> None:
    run = SimpleNamespace(ranks=SimpleNamespace(is_first=is_first, agree=bool), is_done=is_done)
    assert GanRun.should_end(run, SimpleNamespace(is_asked=is_asked)) == ends  # type: ignore[arg-type]
