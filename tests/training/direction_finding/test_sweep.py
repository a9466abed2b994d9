"""The same loops at many strengths."""

import numpy as np
import pytest
import torch

from directions.attributes import measure
from directions.survey import Listener
from directions.table import Line
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder, VocoderConfig
from tests.conftest import ModelParts
from training.direction_finding.sweep import hear, sweep


@pytest.fixture
def listener(model_parts: ModelParts, seeded_torch: None) -> Listener:
    config = VocoderConfig(channels=(6, 5, 4), dilations=(1,), stand_in_channels=4)
    vocoder = Vocoder(MelFormat(), config).eval().requires_grad_(False)
    return Listener(model_parts.generator, vocoder, advance=lambda count: None)


def test_each_loop_is_moved_on_the_directions_levels_and_heard(listener: Listener, rng: np.random.Generator) -> None:
    vector = np.eye(1, 8, 2, dtype=np.float32)[0]
    direction = Line(name="x", attribute="bass", levels=(0, 2), sigma=0.5, vector=vector, report={})
    w = listener.draw_w(range(3))
    found = sweep(listener, direction, w=w, strengths=(-2.0, 0.0, 2.0))
    moved = listener.broadcast(w)
    moved[:, [0, 2]] += np.float32(1.0) * vector
    expected = measure(listener.hear_mel(moved))
    for name, values in expected.items():
        np.testing.assert_allclose(found.heard[2].values[name], values, rtol=2e-2, atol=2e-2)
    assert found.values("bass").shape == (3, 3)
    assert found.middle is found.heard[1]


def test_unmoved_loops_are_heard_as_they_are(listener: Listener) -> None:
    w = listener.draw_w(range(2))
    direction = Line(
        name="x", attribute="bass", levels=(0,), sigma=1.0, vector=np.eye(1, 8, dtype=np.float32)[0], report={}
    )
    still, swept = hear(listener, listener.broadcast(w)), sweep(listener, direction, w=w, strengths=(0.0,)).middle
    np.testing.assert_array_equal(still.features, swept.features)
    np.testing.assert_array_equal(still.envelopes, swept.envelopes)


def test_features_and_envelopes_are_of_the_sound(listener: Listener) -> None:
    ws = listener.broadcast(listener.draw_w(range(9)))
    heard = hear(listener, ws)
    assert heard.features.shape == (9, 32 * 64)
    assert heard.envelopes.shape == (9, 512)
    mel = listener.hear_mel(ws[8:])
    np.testing.assert_allclose(heard.features[8], torch.nn.functional.avg_pool2d(mel, (4, 8))[0].ravel(), atol=2e-2)
