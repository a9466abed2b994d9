"""audio -> scores: shapes, gradients, silence, and what each discriminator can hear."""

import numpy as np
import pytest
import torch

from melgan_vocoder.discriminators import DiscriminatorConfig, Discriminators, SpectrogramDiscriminator
from melgan_vocoder.errors import VocoderError

TOY = DiscriminatorConfig(
    n_scales=2, scale_channels=4, max_scale_channels=16, windows=(512, 256), resolution_channels=3
)


@pytest.fixture
def discriminators(seeded_torch: None) -> Discriminators:
    return Discriminators(TOY)


def cuts(rng: np.random.Generator, n_samples: int = 6000) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(-0.5, 0.5, (2, n_samples)).astype(np.float32))


@pytest.mark.parametrize("n_samples", [512, 6000, 12_001])
def test_each_scale_and_window_gives_patch_scores_and_six_or_five_features(
    discriminators: Discriminators, rng: np.random.Generator, n_samples: int
) -> None:
    judgements = discriminators(cuts(rng, n_samples))
    assert [len(judgement.features) for judgement in judgements] == [6, 6, 5, 5]
    assert [judgement.score.ndim for judgement in judgements] == [3, 3, 4, 4]
    for judgement in judgements:
        assert judgement.score.shape[:2] == (2, 1)
        assert judgement.score.dtype == torch.float32
        assert judgement.score.isfinite().all()


def test_second_scale_hears_half_the_rate(discriminators: Discriminators, rng: np.random.Generator) -> None:
    fast, slow, *_ = discriminators(cuts(rng, 8192))
    assert fast.score.shape[-1] == 8192 // 256
    assert slow.score.shape[-1] == 8192 // 512


def test_waveform_layers_grow_fourfold_up_to_the_cap(discriminators: Discriminators, rng: np.random.Generator) -> None:
    widths = [features.shape[1] for features in discriminators(cuts(rng))[0].features]
    assert widths == [4, 16, 16, 16, 16, 16]


@pytest.mark.parametrize("level", [0.5, 1e-3, 0.0], ids=["loud", "-60 dB", "digital silence"])
def test_gradients_reach_audio_and_every_weight_and_are_finite(
    discriminators: Discriminators, rng: np.random.Generator, level: float
) -> None:
    audio = (cuts(rng) * level).requires_grad_()
    sum(judgement.score.sum() for judgement in discriminators(audio)).backward()
    assert audio.grad is not None
    assert audio.grad.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in discriminators.parameters())
    if level:
        assert (audio.grad != 0).float().mean() > 0.9


def test_spectrogram_discriminator_sees_the_root_of_a_sines_magnitude_and_no_phase(seeded_torch: None) -> None:
    discriminator = SpectrogramDiscriminator(window=512, channels=3)
    seen: list[torch.Tensor] = []
    discriminator.layers[0].register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0]))
    time = torch.arange(4096) / 48_000
    hz = 32 * 48_000 / 512  # the middle of a bin
    for phase in (0.0, 1.0):
        discriminator(0.25 * torch.sin(2 * torch.pi * hz * time + phase)[None])
    assert seen[0].shape == (2 // 2, 1, 257, 1 + (4096 - 512) // 128)
    torch.testing.assert_close(seen[0][0, 0, 32], torch.full((29,), 0.5), atol=1e-3, rtol=0)
    torch.testing.assert_close(seen[0], seen[1], atol=2e-3, rtol=0)


def test_only_windows_or_only_scales_are_enough() -> None:
    assert len(Discriminators(DiscriminatorConfig(n_scales=0, windows=(256,)))(torch.zeros(1, 1024))) == 1
    assert len(Discriminators(DiscriminatorConfig(n_scales=1, windows=()))(torch.zeros(1, 1024))) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_scales": 6}, "n_scales 6 with 3 windows: 0 to 5 scales"),
        ({"n_scales": 0, "windows": ()}, "n_scales 0 with 0 windows: .* at least one scale or window, are needed"),
        ({"scale_channels": 6}, "scale_channels 6 of at most 256: a multiple of 4"),
        ({"scale_channels": 12}, "scale_channels 12 of at most 256: .* divides max_scale_channels"),
        ({"windows": (32,)}, "at least 64 samples and 1 channel are needed"),
        ({"resolution_channels": 0}, "with 0 channels: at least 64 samples and 1 channel"),
    ],
)
def test_impossible_sizes_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(VocoderError, match=message):
        DiscriminatorConfig(**settings)  # type: ignore[arg-type]
