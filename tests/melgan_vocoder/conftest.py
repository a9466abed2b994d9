"""Vocoders for the real MelFormat."""

import pytest
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig


@pytest.fixture(scope="session")
def fresh_vocoder() -> Vocoder:
    """A narrow vocoder with random weights, for the real MelFormat."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        vocoder = Vocoder(MelFormat(), VocoderConfig(channels=(24, 16, 12), stand_in_channels=8))
    return vocoder.eval().requires_grad_(False)


@pytest.fixture(params=["fresh_vocoder", "vocoder"], ids=["fresh", "shipped"])
def any_vocoder(request: pytest.FixtureRequest) -> Vocoder:
    """A vocoder with random weights, then the shipped one."""
    vocoder: Vocoder = request.getfixturevalue(request.param)
    return vocoder
