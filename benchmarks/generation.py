"""How much faster than it plays a loop is drawn: `python benchmarks/generation.py`.

Prints, for a batch of four 2-bar loops on this machine, the median time of each stage and its ratio to the length of
the loop, and appends them to `benchmarks/results.jsonl`, keyed by commit.
"""

import json
import pathlib
import platform
import statistics
import subprocess
import time
from collections.abc import Callable

import torch

from melgan_vocoder.excitation import Excitation
from melgan_vocoder.vocoder_file import load_vocoder
from performer.crate import find_model
from performer.generation.bass import join_loops
from performer.generation.renderer import LoopRenderer
from performer.settings import DeckSettings

RUNS = 9
RESULTS = pathlib.Path(__file__).with_name("results.jsonl")


def median_s(work: Callable[[], object]) -> float:
    """Median time of some work, in seconds, after one run that is not counted."""
    work()
    times = []
    for _ in range(RUNS):
        start_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - start_s)
    return statistics.median(times)


def excite(excitation: Excitation, spectrogram: torch.Tensor) -> torch.Tensor:
    """Draw the sinusoids of spectrograms."""
    partials = excitation.read(spectrogram)
    drawn: torch.Tensor = excitation(partials, excitation.states(partials)[:, 0])
    return drawn


def main() -> None:
    """Measure, print and append."""
    renderer = LoopRenderer(find_model("drums"), load_vocoder())
    duration_s = renderer.header.mel_format.duration_s
    settings = DeckSettings(seed=3)
    ws = torch.from_numpy(renderer.latents(settings))
    with torch.inference_mode():
        spectrogram = renderer.generator.synthesis(ws)
        two_channels = renderer.vocoder.stand_in(spectrogram)
        loops = renderer.vocoder(two_channels).numpy()
        stages = {
            "generator": median_s(lambda: renderer.generator.synthesis(ws)),
            "stand-in": median_s(lambda: renderer.vocoder.stand_in(spectrogram)),
            "excitation": median_s(lambda: excite(renderer.vocoder.excitation, two_channels)),
            "vocoder": median_s(lambda: renderer.vocoder(two_channels)),
            "bass": median_s(lambda: join_loops(loops, sample_rate=renderer.sample_rate)),
            "loop": median_s(lambda: list(renderer.whole(renderer.latents(settings), renderer.grid(settings)))),
        }
    for name, seconds in stages.items():
        print(f"{name:10} {seconds * 1000:7.1f} ms  {duration_s / seconds:6.1f} x real time")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    row = {
        "benchmark": "generation",
        "commit": commit.stdout.strip(),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
        "times_real_time": {name: round(duration_s / seconds, 2) for name, seconds in stages.items()},
    }
    with RESULTS.open("a") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
