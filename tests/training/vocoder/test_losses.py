"""Losses: zero for equals, known values, the same at every level, finite in silence."""

import math

import numpy as np
import pytest
import torch

from melgan_vocoder.discriminators import Judgement
from melgan_vocoder.format import MelFormat
from training.vocoder.losses import (
    STFTLoss,
    adversarial_loss,
    band_frequency_loss,
    discriminator_loss,
    feature_loss,
    level,
    mel_loss,
    stand_in_loss,
)

FORMAT = MelFormat()


def noise(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(-0.5, 0.5, shape).astype(np.float32))


@pytest.fixture
def stft_loss() -> STFTLoss:
    return STFTLoss((1024, 256))


def judged(*scores: float) -> list[Judgement]:
    return [Judgement(torch.full((2, 1, 3), score), [torch.full((2, 4, 3), 2 * score)]) for score in scores]


def test_stft_loss_of_equal_signals_is_zero(stft_loss: STFTLoss, rng: np.random.Generator) -> None:
    signal = noise(rng, 2, 4000)
    assert stft_loss(signal, signal) == 0


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_stft_loss_of_a_gain_is_its_convergence_and_its_logarithm(
    stft_loss: STFTLoss, rng: np.random.Generator, gain: float
) -> None:
    signal = noise(rng, 2, 4000)
    expected = abs(gain - 1) + abs(math.log(gain))
    assert float(stft_loss(gain * signal, signal)) == pytest.approx(expected, rel=1e-3)


def test_stft_loss_of_a_loud_cut_does_not_hide_a_quiet_one(stft_loss: STFTLoss, rng: np.random.Generator) -> None:
    """Each cut counts by its own norm."""
    signal = noise(rng, 2, 4000) * torch.tensor([[1.0], [0.01]])
    drawn = signal * torch.tensor([[1.0], [2.0]])
    assert float(stft_loss(drawn, signal)) == pytest.approx((1 + math.log(2)) / 2, rel=0.01)


@pytest.mark.parametrize("level_db", [-20, -30])
def test_stft_loss_hardly_changes_with_the_level(
    stft_loss: STFTLoss, rng: np.random.Generator, level_db: float
) -> None:
    drawn, target = noise(rng, 2, 4000), noise(rng, 2, 4000)
    gain = 10 ** (level_db / 20)
    assert float(stft_loss(gain * drawn, gain * target)) == pytest.approx(float(stft_loss(drawn, target)), rel=0.02)


def test_stft_loss_is_the_papers_over_whole_windows_alone(rng: np.random.Generator) -> None:
    drawn, target = noise(rng, 1, 4000), noise(rng, 1, 4000)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    frames = [np.lib.stride_tricks.sliding_window_view(x[0].numpy(), 256)[::64] * window for x in (drawn, target)]
    ours, theirs = (np.abs(np.fft.rfft(each, axis=1)) for each in frames)
    distance = np.sqrt((np.log(ours / theirs) ** 2).mean(axis=1)).mean()
    expected = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs) + distance
    assert float(STFTLoss((256,))(drawn, target)) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("silent", ["drawn", "target", "both"])
def test_stft_loss_in_digital_silence_is_finite_with_finite_gradients(
    stft_loss: STFTLoss, rng: np.random.Generator, silent: str
) -> None:
    drawn = (noise(rng, 2, 4000) * (silent == "target")).requires_grad_()
    target = noise(rng, 2, 4000) * (silent == "drawn")
    loss = stft_loss(drawn, target)
    loss.backward()
    assert loss.isfinite()
    assert drawn.grad is not None
    assert drawn.grad.isfinite().all()
    if silent == "both":
        assert loss == 0
        assert not drawn.grad.any()
    if silent == "target":
        assert (drawn.grad * drawn).sum() > 0  # a step against the gradient makes it quieter


def test_what_lies_far_below_the_floor_does_not_count(stft_loss: STFTLoss, rng: np.random.Generator) -> None:
    assert float(stft_loss(1e-8 * noise(rng, 2, 4000), torch.zeros(2, 4000))) < 1e-3


def test_mel_loss_is_in_decades() -> None:
    target = torch.zeros(1, 128, 5)
    drawn = target + 1 / FORMAT.scale_log10  # ten times the magnitude
    assert float(mel_loss(drawn, target, FORMAT)) == pytest.approx(1)
    assert mel_loss(target, target, FORMAT) == 0


def test_band_frequency_counts_where_there_is_energy() -> None:
    target = torch.full((1, 2, 128, 5), FORMAT.floor)
    drawn = target.clone()
    drawn[:, 1] += 0.5
    assert band_frequency_loss(drawn, target, FORMAT) == 0
    target[:, 0, :4] = 0
    assert float(band_frequency_loss(drawn, target, FORMAT)) == pytest.approx(0.5)


def test_stand_in_loss_is_both(rng: np.random.Generator) -> None:
    drawn, target = noise(rng, 2, 2, 128, 5), noise(rng, 2, 2, 128, 5)
    both = mel_loss(drawn[:, 0], target[:, 0], FORMAT) + band_frequency_loss(drawn, target, FORMAT)
    torch.testing.assert_close(stand_in_loss(drawn, target, FORMAT), both)


def test_levelling_gives_both_the_targets_gain_down_to_its_floor(rng: np.random.Generator) -> None:
    target = noise(rng, 3, 4000) * torch.tensor([[1.0], [1e-2], [0.0]])
    drawn, levelled = level(target / 2, target)
    rms_db = 20 * levelled[:2].square().mean(dim=1).sqrt().log10()
    torch.testing.assert_close(rms_db, torch.tensor([-20.0, -20.0]), atol=0.01, rtol=0)
    torch.testing.assert_close(drawn, levelled / 2)
    assert not levelled[2].any()


@pytest.mark.parametrize(
    ("kind", "drawn", "real", "own", "others"),
    [
        ("least_squares", 0.0, 1.0, 0.0, 1.0),
        ("least_squares", 0.5, 0.5, 0.5, 0.25),
        ("least_squares", 1.0, 0.0, 2.0, 0.0),
        ("hinge", -1.0, 1.0, 0.0, 1.0),
        ("hinge", 0.0, 0.0, 2.0, 0.0),
        ("hinge", -3.0, 3.0, 0.0, 3.0),
    ],
)
def test_games_have_their_known_values(kind: str, drawn: float, real: float, own: float, others: float) -> None:
    assert float(discriminator_loss(judged(drawn, drawn), judged(real, real), kind)) == own
    assert float(adversarial_loss(judged(drawn, drawn), kind)) == others


def test_feature_loss_is_a_share_of_the_real_features() -> None:
    assert feature_loss(judged(0.5), judged(0.5)) == 0
    assert float(feature_loss(judged(1.5, 0.01), judged(1.0, 0.02))) == pytest.approx(0.5)
    assert feature_loss(judged(0.0), judged(0.0)) == 0
