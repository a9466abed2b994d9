"""How fast a preset trains: `python benchmarks/gan_training.py base` (a GPU if there is one; `--device cpu` otherwise).

Draws a few procedural drum loops, takes some steps that are not counted (compiling, R1), then times whole rounds of
the lazy regularisers. Prints images a second, kimg an hour and memory, each beside the prototype's, and appends them
to `benchmarks/results.jsonl`, keyed by commit.
"""

import argparse
import contextlib
import json
import pathlib
import subprocess
import time

import numpy as np
import torch
from rich.progress import track

from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import SpectrogramTransform
from training.batch_queue import BatchQueue
from training.gan.distributed import Ranks
from training.gan.preset import GAN_PRESETS
from training.gan.reals import Material, RealBatches
from training.gan.trainer import GanTrainer
from training.procedural import draw_loop

N_LOOPS = 64
PROTOTYPE_IMAGES_A_SECOND = 800.0
"""One H200, alone; `docs/results.md`."""
RESULTS = pathlib.Path(__file__).with_name("results.jsonl")


def draw_material() -> Material:
    """Draw loops and analyse them."""
    transform = SpectrogramTransform(MelFormat())
    loops = (torch.from_numpy(draw_loop("techno", seed))[None] for seed in range(N_LOOPS))
    with torch.inference_mode():
        rows = [transform(loop)[0].numpy().astype(np.float16) for loop in track(loops, "drawing", total=N_LOOPS)]
    return Material(spectrograms=np.stack(rows), train=range(N_LOOPS), card={})


def synchronise(device: torch.device) -> None:
    """Wait for what the device has been told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    """Measure, print and append."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=GAN_PRESETS.names())
    parser.add_argument("--rounds", type=int, default=4, help="rounds of R1 to time (default 4)")
    parser.add_argument("--device", choices=["cpu", "cuda"])
    options = parser.parse_args()
    config, ranks = GAN_PRESETS.load(options.preset), Ranks.join(options.device)
    material, a_round = draw_material(), config.loss.r1_every
    trainer = GanTrainer(config, MelFormat(), ranks)
    size = config.batch.batch_size
    reals = RealBatches(material, batch_size=size, seed=0, rows=trainer.rows)
    first, last = a_round, a_round * (1 + options.rounds)
    with contextlib.closing(BatchQueue(reals.batch, first_step=0, n_threads=config.batch.n_threads)) as queue:
        for step in track(range(last), "training"):
            if step == first:
                synchronise(ranks.device)
                start_s = time.perf_counter()
            trainer.train_step(queue.take(), step=step)
        synchronise(ranks.device)
    images_a_second = (last - first) * size / (time.perf_counter() - start_s)
    on_gpu = ranks.device.type == "cuda"
    name = torch.cuda.get_device_name(ranks.device) if on_gpu else f"{torch.get_num_threads()} CPU threads"
    memory_gb = torch.cuda.max_memory_allocated(ranks.device) / 1e9 if on_gpu else None
    print(f"{options.preset} on {name}: {images_a_second:.1f} images/s, {3.6 * images_a_second:.1f} kimg/hour, "
          f"{images_a_second / PROTOTYPE_IMAGES_A_SECOND:.3f} of the prototype's on an H200"
          + (f", {memory_gb:.1f} GB" if memory_gb is not None else ""))  # fmt: skip
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    row = {
        "benchmark": "training",
        "commit": commit.stdout.strip(),
        "machine": name,
        "preset": options.preset,
        "images_a_second": round(images_a_second, 2),
        "memory_gb": memory_gb and round(memory_gb, 2),
    }
    with RESULTS.open("a") as file:
        file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
