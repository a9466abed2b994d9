"""How fast a window of a loop is drawn: `python benchmarks/windows.py`.

Prints, for a batch of four loops on this machine, the median time of generator, vocoder and both for windows of some
cells (sixteenths, 16 frames each at 120 BPM) and for the whole loop, with the model `drums` (one channel) and for two
channels through the vocoder alone, and appends them to `benchmarks/results.jsonl`, keyed by commit. It runs as the
instrument's worker does: with its environment, two loops in each of two threads, and bfloat16 where that is fast.
"""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.vocoder_file import load_vocoder
from performer.crate import find_model
from performer.generation.renderer import multiplies_bfloat16
from performer.supervisor import ENVIRONMENT
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.latent import seed_latent

RUNS = 21
CELLS = (1, 2, 4, 8)
FRAMES_A_CELL = 16
FIRST = 5 * FRAMES_A_CELL
TRUNCATION_PSI = 0.8
RESULTS = pathlib.Path(__file__).with_name("results.jsonl")


class Bench:
    """A generator, a vocoder, four loops and what they are when drawn whole."""

    def __init__(self) -> None:
        header = find_model("drums")
        generator, self.vocoder, self.threads = load_generator(header), load_vocoder(), BatchThreads()
        self.synthesis = generator.synthesis
        self.synthesis.feature_dtype = torch.bfloat16 if multiplies_bfloat16() else torch.float32
        self.vocoder.is_half = multiplies_bfloat16()
        z = torch.from_numpy(np.stack([seed_latent(seed, header.config.z_dim) for seed in range(4)]))
        with torch.inference_mode():
            self.ws = generator.broadcast(generator.map(z, truncation_psi=TRUNCATION_PSI))
        (self.drawn,) = self.threads(lambda ws: (self.synthesis(ws),), self.ws)
        (self.two_channels,) = self.threads(lambda drawn: (self.vocoder.complete(drawn),), self.drawn)
        _, self.states = self.threads(self.vocoder.render, self.drawn)

    def window(self, n_cells: int) -> dict[str, float]:
        """Measure a window of some cells, in milliseconds by stage."""
        synthesis, vocoder, n = self.synthesis, self.vocoder, n_cells * FRAMES_A_CELL
        halo = vocoder.halo(1)
        first, n_all = FIRST - halo, n + 2 * halo
        known = self.states[..., first : FIRST + 1]
        return {
            "generator": self.median_ms(lambda ws: (synthesis.window(ws, first, n_all),), self.ws),
            "vocoder": self.median_ms(vocoder.window, self.drawn[..., first : first + n_all], known),
            "both": self.median_ms(
                lambda ws, known: vocoder.window(synthesis.window(ws, first, n_all), known), self.ws, known
            ),
            "vocoder, two channels": self.median_ms(
                vocoder.window,
                self.two_channels[..., FIRST - vocoder.halo(2) : FIRST + n + vocoder.halo(2)],
                self.states[..., FIRST - vocoder.halo(2) : FIRST + 1],
            ),
        }

    def whole(self) -> dict[str, float]:
        """Measure whole loops, in milliseconds by stage."""
        return {
            "generator": self.median_ms(lambda ws: (self.synthesis(ws),), self.ws),
            "vocoder": self.median_ms(self.vocoder.render, self.drawn),
            "both": self.median_ms(lambda ws: self.vocoder.render(self.synthesis(ws)), self.ws),
            "vocoder, two channels": self.median_ms(self.vocoder.render, self.two_channels),
        }

    def median_ms(self, work: Callable[..., tuple[Tensor, ...]], *batches: Tensor) -> float:
        """Median time of some work, in milliseconds, after one run that is not counted."""
        self.threads(work, *batches)
        times = []
        for _ in range(RUNS):
            start_s = time.perf_counter()
            self.threads(work, *batches)
            times.append(1000 * (time.perf_counter() - start_s))
        return statistics.median(times)


def main() -> None:
    """Measure, print and append."""
    if any(os.environ.get(name) != value for name, value in ENVIRONMENT.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ENVIRONMENT})
    bench = Bench()
    times = {f"{n_cells} cells": bench.window(n_cells) for n_cells in CELLS} | {"loop": bench.whole()}
    for name, stages in times.items():
        shares = (f"{stage} {ms:6.1f} ms ({ms / times['loop'][stage]:4.0%})" for stage, ms in stages.items())
        print(f"{name:8} {'  '.join(shares)}")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    row = {
        "benchmark": "windows",
        "commit": commit.stdout.strip(),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "ms": {name: {stage: round(ms, 1) for stage, ms in stages.items()} for name, stages in times.items()},
    }
    with RESULTS.open("a") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
