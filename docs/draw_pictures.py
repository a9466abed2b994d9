"""Draw the pictures of the README: `python docs/draw_pictures.py`."""

import pathlib

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image

from melgan_vocoder.vocoder_file import load_vocoder
from performer.crate import find_model
from performer.generation.renderer import LoopRenderer
from performer.settings import DeckSettings

SEED = 3
STRENGTHS = (-3.0, 0.0, 3.0)
INK, PAPER = "#e8eaf0", "#101216"


def draw_directions(path: pathlib.Path) -> None:
    """Draw one loop moved along its two directions, as mel spectrograms."""
    renderer = LoopRenderer(find_model("drums"), load_vocoder())
    moves = [("density", (s, 0.0), s) for s in STRENGTHS] + [("bass", (0.0, s), s) for s in STRENGTHS]
    figure, axes = plt.subplots(2, 3, figsize=(12, 4.6), facecolor=PAPER, layout="constrained")
    for axis, (name, strengths, strength) in zip(axes.flat, moves, strict=True):
        ws = renderer.latents(DeckSettings(seed=SEED, strengths=strengths, spread=0))[:1]
        with torch.inference_mode():
            mel = renderer.generator.synthesis(torch.from_numpy(ws))[0, 0].numpy()
        axis.imshow(np.clip(mel, -1, 1), origin="lower", aspect="auto", cmap="inferno", vmin=-1, vmax=1)
        axis.set_title(f"{name} {strength:+g} sigma", color=INK, fontsize=11)
        axis.set_xticks(np.arange(0, 512, 64), [f"{bar}.{beat}" for bar in (1, 2) for beat in range(1, 5)], color=INK)
        axis.set_yticks([])
        axis.tick_params(length=0)
    figure.suptitle("One loop of the model 'drums' (2 bars; bottom 20 Hz, top 20 kHz), moved in W", color=INK)
    figure.savefig(path, dpi=100)
    Image.open(path).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    draw_directions(pathlib.Path(__file__).with_name("directions.png"))
