"""Morphs of a toy model, and the beat of envelopes whose answer is known."""

import numpy as np
import pytest

from directions.survey import Listener
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from tests.conftest import ModelParts
from training.direction_finding.morphs import holds_downbeat, measure_morphs


@pytest.fixture
def listener(model_parts: ModelParts, seeded_torch: None) -> Listener:
    config = VocoderConfig(channels=(6, 5, 4), dilations=(1,), stand_in_channels=4)
    return Listener(
        model_parts.generator, Vocoder(MelFormat(), config).eval().requires_grad_(False), advance=lambda count: None
    )


def test_every_morph_is_measured(listener: Listener) -> None:
    found = measure_morphs(listener, n_morphs=2, n_steps=5)
    assert (found["morphs"], found["steps"]) == (2, 5)
    assert len(found["unevenness"]) == 2
    assert min(found["unevenness"]) >= 1
    for name in ("even", "tempo_held", "tempo_at_ends", "downbeat_held"):
        assert 0 <= found[name] <= 1


def test_a_leap_on_the_way_is_uneven(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    even = np.linspace(0, 1, 17)
    for place, expected in ((even, 1.0), (np.where(even < 0.5, even / 4, 1 - (1 - even) / 4), 0.0)):
        mels = np.tile(place[:, None, None], (1, 4, 512)).astype(np.float32)
        monkeypatch.setattr("training.direction_finding.morphs.hear_all", lambda *_, mels=mels: mels)
        assert measure_morphs(listener, n_morphs=1, n_steps=17)["even"] == expected


def test_the_downbeat_is_where_onsets_fit_best(rng: np.random.Generator) -> None:
    envelope = rng.random(512) * (rng.random(512) > 0.95)
    assert holds_downbeat(envelope, envelope)
    assert holds_downbeat(np.roll(envelope, 1), envelope)
    assert not holds_downbeat(np.roll(envelope, 64), envelope)
    repeating = np.resize([1.0] + [0.0] * 63, 512)
    assert holds_downbeat(np.roll(repeating, 64), repeating)
