"""Checkpoint: what is written comes back exactly; what does not fit is named."""

import pathlib

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from training.checkpoint import VERSION, Progress, read_checkpoint, write_checkpoint
from training.errors import TrainingError

KIND = "loopmorph vocoder training"
FORMAT = MelFormat()
PROGRESS = Progress(step=7, elapsed_s=1.5, skipped=2, losses={"mel": 0.1})


def trained(*, width: int = 3, seed: int = 0) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Linear(2, width)
        optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)
        for _ in range(3):
            optimiser.zero_grad()
            network(torch.randn(4, 2)).square().sum().backward()
            optimiser.step()
    return {"vocoder": network}, {"vocoder_optimiser": optimiser}


def move_once(networks: dict[str, nn.Module], optimisers: dict[str, torch.optim.Optimizer]) -> torch.Tensor:
    optimisers["vocoder_optimiser"].zero_grad()
    networks["vocoder"](torch.ones(1, 2)).sum().backward()
    optimisers["vocoder_optimiser"].step()
    return networks["vocoder"].weight.detach()


def test_all_comes_back_and_goes_on_alike(tmp_path: pathlib.Path) -> None:
    networks, optimisers = trained()
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, PROGRESS, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    fresh, fresh_optimisers = trained(seed=1)
    assert read_checkpoint(path, kind=KIND, mel_format=FORMAT, networks=fresh, optimisers=fresh_optimisers) == PROGRESS
    assert torch.equal(move_once(fresh, fresh_optimisers), move_once(networks, optimisers))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_optimiser_that_has_not_moved_yet_comes_back(tmp_path: pathlib.Path) -> None:
    networks, _ = trained()
    optimisers = {"vocoder_optimiser": torch.optim.AdamW(networks["vocoder"].parameters())}
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, PROGRESS, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    read_checkpoint(path, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    assert not optimisers["vocoder_optimiser"].state


def test_other_networks_are_refused(tmp_path: pathlib.Path) -> None:
    networks, optimisers = trained()
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, PROGRESS, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    wide, wide_optimisers = trained(width=4)
    message = r"checkpoint\.safetensors: does not fit the networks of its run \(.*size mismatch.*\); the checkpoint of"
    with pytest.raises(TrainingError, match=message):
        read_checkpoint(path, kind=KIND, mel_format=FORMAT, networks=wide, optimisers=wide_optimisers)


def test_optimiser_of_more_parameters_is_refused(tmp_path: pathlib.Path) -> None:
    networks, optimisers = trained()
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, PROGRESS, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    one = {"vocoder_optimiser": torch.optim.AdamW([networks["vocoder"].weight])}
    with pytest.raises(TrainingError, match="optimiser of 2 parameters where 1 are needed"):
        read_checkpoint(path, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=one)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, r"holds 'no kind' version missing, 'loopmorph vocoder training' version 1 is needed; choose another"),
        ({"kind": "loopmorph vocoder", "version": "1"}, "holds 'loopmorph vocoder' version 1"),
        ({"kind": KIND, "version": "2"}, "holds 'loopmorph vocoder training' version 2"),
        ({"kind": KIND, "version": VERSION, "mel_format": FORMAT.to_json()}, "does not fit"),
        ({"kind": KIND, "version": VERSION, "mel_format": FORMAT.to_json(), "progress": "[1]"}, "does not fit"),
        ({"kind": KIND, "version": VERSION, "mel_format": FORMAT.to_json(), "progress": "{"}, "does not fit"),
        (
            {"kind": KIND, "version": VERSION, "mel_format": FORMAT.to_json(), "progress": '{"steps": 1}'},
            "does not fit",
        ),
    ],
)
def test_file_of_another_kind_is_refused(tmp_path: pathlib.Path, entries: dict[str, str], message: str) -> None:
    networks, optimisers = trained()
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, PROGRESS, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    save_file(load_file(path), path, metadata=entries)
    with pytest.raises(TrainingError, match=message):
        read_checkpoint(path, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)


def test_run_of_another_format_is_refused(tmp_path: pathlib.Path) -> None:
    networks, optimisers = trained()
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, PROGRESS, kind=KIND, mel_format=FORMAT, networks=networks, optimisers=optimisers)
    other = MelFormat(gate_frames=FORMAT.gate_frames + 1)
    with pytest.raises(VocoderError, match=r"checkpoint\.safetensors: its MelFormat has gate_frames"):
        read_checkpoint(path, kind=KIND, mel_format=other, networks=networks, optimisers=optimisers)
