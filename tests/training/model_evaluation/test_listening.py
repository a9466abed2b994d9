"""Loops through a vocoder, and what is measured on them."""

import numpy as np
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from training.model_evaluation.listening import hear, listen_through


def test_listener_plays_what_the_vocoder_does(toy_vocoder: Vocoder) -> None:
    spectrograms = np.random.default_rng(0).uniform(-1, 1, (2, 2, 16, 64)).astype(np.float32)
    audio = listen_through(toy_vocoder)(spectrograms)
    np.testing.assert_array_equal(audio, toy_vocoder(torch.from_numpy(spectrograms)).numpy())
    assert audio.shape == (2, 24_000)


def test_seams_and_envelopes_are_those_of_each_loop() -> None:
    smooth = np.sin(2 * np.pi * 100 * np.arange(192_000) / 48_000).astype(np.float32)
    cut = np.sin(2 * np.pi * 100.06 * np.arange(192_000) / 48_000).astype(np.float32)
    heard = hear([smooth, cut], MelFormat())
    assert heard.envelopes.shape == (2, 512)
    assert heard.seams[0] < 1.01 < 20 < heard.seams[1]
    assert hear([], MelFormat()).envelopes.shape == (0, 512)
