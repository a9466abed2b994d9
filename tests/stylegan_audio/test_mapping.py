"""z -> w: the mapping network step by step, and the truncation trick."""

import numpy as np
import pytest
import torch

from stylegan_audio.config import ModelConfig
from stylegan_audio.mapping import Mapping, truncate


@pytest.fixture
def mapping(toy_config: ModelConfig, seeded_torch: None) -> Mapping:
    return Mapping(toy_config).requires_grad_(False)


def test_equals_normalising_and_then_each_layer_in_turn(mapping: Mapping, rng: np.random.Generator) -> None:
    z = rng.standard_normal((5, 6))
    w = z / np.sqrt(np.mean(z**2, axis=1, keepdims=True))
    for layer in mapping.layers:
        w = w @ layer.weight.double().numpy().T + layer.bias.double().numpy()
        w = np.where(w > 0, w, 0.2 * w) * np.sqrt(2)
    mapped = mapping(torch.from_numpy(z).float())
    assert mapped.shape == (5, 8)
    assert mapped.dtype == torch.float32
    np.testing.assert_allclose(mapped.numpy(), w, atol=1e-5)


def test_layers_are_counted_by_the_config(toy_config: ModelConfig, mapping: Mapping) -> None:
    assert len(mapping.layers) == toy_config.mapping_layers == 2
    assert [tuple(layer.weight.shape) for layer in mapping.layers] == [(8, 6), (8, 8)]


def test_length_of_z_does_not_matter_and_zero_is_finite(mapping: Mapping, rng: np.random.Generator) -> None:
    z = torch.from_numpy(rng.standard_normal((3, 6)).astype(np.float32))
    torch.testing.assert_close(mapping(z), mapping(20 * z), atol=1e-5, rtol=1e-5)
    assert mapping(torch.zeros(1, 6)).isfinite().all()


def test_truncation_psi_0_is_the_mean_1_the_latent_and_between_on_the_line(rng: np.random.Generator) -> None:
    w, w_avg = torch.from_numpy(rng.standard_normal((3, 8))), torch.from_numpy(rng.standard_normal(8))
    assert torch.equal(truncate(w, w_avg, truncation_psi=0.0), w_avg.expand(3, -1))
    torch.testing.assert_close(truncate(w, w_avg, truncation_psi=1.0), w)
    torch.testing.assert_close(truncate(w, w_avg, truncation_psi=0.25), 0.25 * w + 0.75 * w_avg)
