"""z -> w -> mel: truncation, broadcasting and style mixing of the whole generator."""

import numpy as np
import pytest
import torch

from melgan_vocoder.format import MelFormat, OneChannelFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError
from stylegan_audio.generator import Generator, mix_styles


def latents(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))


@pytest.mark.parametrize("batch", [1, 4])
def test_shape_dtype_and_finite(toy_generator: Generator, rng: np.random.Generator, batch: int) -> None:
    spectrogram = toy_generator(latents(rng, batch, 6))
    assert spectrogram.shape == (batch, *toy_generator.mel_format.spectrogram_shape) == (batch, 2, 16, 64)
    assert spectrogram.dtype == torch.float32
    assert spectrogram.isfinite().all()


def test_one_channel_of_the_older_format_is_drawn(
    toy_config: ModelConfig, rng: np.random.Generator, seeded_torch: None
) -> None:
    generator = Generator(OneChannelFormat(n_mels=16, n_frames=64), toy_config)
    assert generator(latents(rng, 3, 6)).shape == (3, 1, 16, 64)


def test_spectrogram_is_the_synthesis_of_the_truncated_latent(
    toy_generator: Generator, rng: np.random.Generator
) -> None:
    z = latents(rng, 2, 6)
    w = toy_generator.w_avg + 0.7 * (toy_generator.mapping(z) - toy_generator.w_avg)
    torch.testing.assert_close(toy_generator.map(z, truncation_psi=0.7), w)
    needed = toy_generator.synthesis(w[:, None].repeat(1, 3, 1))
    torch.testing.assert_close(toy_generator(z, truncation_psi=0.7), needed)


def test_truncation_psi_0_is_the_mean_loop_and_1_is_not_truncated(
    toy_generator: Generator, rng: np.random.Generator
) -> None:
    z = latents(rng, 3, 6)
    assert torch.equal(toy_generator.map(z, truncation_psi=0.0), toy_generator.w_avg.expand(3, -1))
    torch.testing.assert_close(toy_generator.map(z, truncation_psi=1.0), toy_generator.mapping(z))
    torch.testing.assert_close(toy_generator.map(z), toy_generator.mapping(z))
    mean_loop = toy_generator(z, truncation_psi=0.0)
    torch.testing.assert_close(mean_loop, mean_loop[:1].expand_as(mean_loop), atol=1e-5, rtol=0)
    assert not torch.allclose(toy_generator(z), mean_loop)


def test_broadcast_gives_every_level_the_same_w(toy_generator: Generator, rng: np.random.Generator) -> None:
    w = latents(rng, 2, 8)
    ws = toy_generator.broadcast(w)
    assert ws.shape == (2, 3, 8)
    for level in range(3):
        assert torch.equal(ws[:, level], w)


def test_mean_latent_is_stored_but_not_learned(toy_generator: Generator) -> None:
    assert "w_avg" in toy_generator.state_dict()
    assert "w_avg" not in dict(toy_generator.named_parameters())


def test_style_mixing_at_its_ends_is_one_loop_or_the_other(rng: np.random.Generator) -> None:
    coarse, fine = latents(rng, 2, 6, 8), latents(rng, 2, 6, 8)
    assert torch.equal(mix_styles(coarse, fine, crossover=0), fine)
    assert torch.equal(mix_styles(coarse, fine, crossover=6), coarse)


@pytest.mark.parametrize("crossover", [1, 3, 5])
def test_style_mixing_takes_levels_below_the_crossover_from_coarse(rng: np.random.Generator, crossover: int) -> None:
    coarse, fine = latents(rng, 2, 6, 8), latents(rng, 2, 6, 8)
    mixed = mix_styles(coarse, fine, crossover=crossover)
    for level in range(6):
        assert torch.equal(mixed[:, level], (coarse if level < crossover else fine)[:, level])


@pytest.mark.parametrize("shape", [(6,), (2, 7), (2, 3, 6)])
def test_z_of_another_shape_is_refused_with_both(toy_generator: Generator, shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError) as caught:
        toy_generator(torch.zeros(shape))
    assert str(caught.value) == f"z has shape {shape}, [B, 6] is needed; draw it with the model's z_dim"


def test_architecture_that_does_not_draw_the_format_is_refused(toy_config: ModelConfig) -> None:
    with pytest.raises(ModelError, match="generator: its architecture draws 16 x 64, the MelFormat needs 128 x 512"):
        Generator(MelFormat(), toy_config)


def test_shipped_mean_latent_is_the_mean_of_mapped_latents(generator: Generator, rng: np.random.Generator) -> None:
    w = generator.mapping(latents(rng, 4096, 256))
    away = (w.mean(dim=0) - generator.w_avg).norm() / w.std(dim=0).norm()
    assert away < 0.15
