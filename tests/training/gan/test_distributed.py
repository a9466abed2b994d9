"""Two processes that share each step learn what one alone learns."""

import importlib.util
import json
import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from training.corpus import CorpusLoop, write_corpus
from training.gan.distributed import Ranks
from training.gan.reals import Material

SCRIPT = pathlib.Path(__file__).with_name("two_processes.py")
STEPS = 20


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(rank: int, port: int, *arguments: object) -> subprocess.Popen[str]:
    variables = {"WORLD_SIZE": "2", "RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    environment = {**os.environ, **variables, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_two_processes_equal_one_with_the_same_batch(material: Material, tmp_path: pathlib.Path) -> None:
    path, port = tmp_path / "spectrograms.npy", free_port()
    np.save(path, np.asarray(material.spectrograms))
    processes = [start(rank, port, path, STEPS) for rank in (0, 1)]
    spec = importlib.util.spec_from_file_location("two_processes", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    alone = script.train(np.asarray(material.spectrograms), STEPS)
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    shared = [json.loads(output.splitlines()[-1]) for output, _ in outputs]
    assert shared[0] == shared[1]  # what one rank knows all know
    assert [set(figures) for figures in shared[0]] == [set(figures) for figures in alone]
    assert {"r1", "path_length"} <= set(alone[0])
    for step in range(STEPS):
        assert shared[0][step] == pytest.approx(alone[step], abs=1e-4, rel=1e-4), step


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=280, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def test_torchrun_starts_two_processes_that_agree(material: Material, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "spectrograms.npy"
    np.save(path, np.asarray(material.spectrograms))
    run = torchrun(SCRIPT, path, 2)
    assert run.returncode == 0, run.stderr[-2000:]
    printed = run.stdout.replace("\n", "")  # both may write at once
    first, end = json.JSONDecoder().raw_decode(printed)
    assert json.loads(printed[end:]) == first
    assert len(first) == 2


def test_command_under_torchrun_refuses_a_batch_that_cannot_be_shared(tmp_path: pathlib.Path) -> None:
    audio = np.random.default_rng(3).uniform(-0.2, 0.2, 192_000).astype(np.float32)
    loop = CorpusLoop(audio=audio, genre="noise", source="seed 3", licence="CC0-1.0", split="train")
    write_corpus(tmp_path / "corpus", [loop])
    run = torchrun(
        "-m", "training.cli", "gan", tmp_path / "corpus", tmp_path / "run", "--preset", "toy", "--device", "cpu"
    )
    assert run.returncode != 0
    assert "batch_size is 4, a multiple of 8 (2 GPUs x 1 passes x 4) is needed; correct it in the preset" in run.stderr


def test_process_alone_needs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    ranks = Ranks.join("cpu")
    assert (ranks.rank, ranks.n_ranks, ranks.is_first) == (0, 1, True)
    assert [ranks.agree(True), ranks.agree(False)] == [True, False]
    values = torch.ones(3)
    assert torch.equal(ranks.mean(values), values)
    ranks.wait()
    ranks.leave()
