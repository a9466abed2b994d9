"""Morphs of a toy model, and the beat of envelopes whose answer is known."""

import numpy as np
import pytest

from directions.survey import Listener
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from tests.conftest import ModelParts
from training.direction_finding.morphs import WAYS, Way, holds_downbeat, measure_morphs, slerp_in_z


@pytest.fixture
def listener(model_parts: ModelParts, seeded_torch: None) -> Listener:
    config = VocoderConfig(channels=(6, 5, 4), dilations=(1,), stand_in_channels=4)
    return Listener(
        model_parts.generator, Vocoder(MelFormat(), config).eval().requires_grad_(False), advance=lambda count: None
    )


@pytest.mark.parametrize("way", WAYS.values())
def test_every_morph_is_measured(listener: Listener, way: Way) -> None:
    found = measure_morphs(listener, n_morphs=2, n_steps=5, way=way)
    assert (found["morphs"], found["steps"]) == (2, 5)
    assert len(found["unevenness"]) == 2
    assert min(found["unevenness"]) >= 1
    for name in ("even", "tempo_held", "tempo_at_ends", "downbeat_held"):
        assert 0 <= found[name] <= 1


@pytest.mark.parametrize("way", WAYS.values())
def test_a_way_begins_and_ends_at_its_loops(listener: Listener, way: Way) -> None:
    z = listener.draw_z([1, 2])
    ends = way(listener, z, np.float32([[0], [1]]))
    np.testing.assert_allclose(ends, listener.map(z), atol=1e-4)


def test_a_great_circle_keeps_its_distance_from_the_middle(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "map", lambda z: z)
    places = slerp_in_z(listener, np.float32([[2, 0, 0], [0, 2, 0]]), np.linspace(0, 1, 7)[:, None])
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 2, atol=1e-6)
    np.testing.assert_allclose(places[3], [2**0.5, 2**0.5, 0], atol=1e-6)


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
