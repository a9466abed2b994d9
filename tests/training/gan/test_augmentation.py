"""Augmentation: nothing at probability 0, silence stays, turns are by beats, and the probability follows the target."""

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder.format import MelFormat
from training.gan.augmentation import N_CHANCES, Augmentation, hole, roll_beats, shift_level
from training.gan.config import AugmentationConfig
from training.gan.reals import Material


@pytest.fixture
def loops(material: Material) -> Tensor:
    return torch.from_numpy(np.stack([material.spectrograms[number] for number in range(8)])).float()


def make(toy_format: MelFormat, probability: float, **settings: float) -> Augmentation:
    augmentation = Augmentation(AugmentationConfig(**settings), toy_format)
    augmentation.probability.fill_(probability)
    return augmentation


def test_nothing_happens_at_probability_0_or_without_a_target(toy_format: MelFormat, loops: Tensor) -> None:
    chances = torch.rand(8, N_CHANCES)
    assert torch.equal(make(toy_format, 0.0)(loops, chances), loops)
    assert torch.equal(make(toy_format, 0.8, target=0.0)(loops, chances), loops)


def test_silence_stays_silent_and_the_floor_is_kept(toy_format: MelFormat, loops: Tensor, seeded_torch: None) -> None:
    augmentation = make(toy_format, 0.85)
    silent = torch.full_like(loops, toy_format.floor)
    silent[:, 1] = 0
    for _ in range(20):
        chances = torch.rand(8, N_CHANCES)
        assert torch.equal(augmentation(silent, chances), silent)
        assert augmentation(loops, chances)[:, 0].min() >= loops[:, 0].min()


def test_each_variation_happens_as_often_as_the_probability_says(toy_format: MelFormat, seeded_torch: None) -> None:
    augmentation = make(toy_format, 0.3, gain=0.0, tilt=0.0, cutout=0.0)  # only turns are left
    ramp = torch.arange(float(toy_format.n_frames)).expand(4000, 2, toy_format.n_mels, -1)
    turned = augmentation(ramp, torch.rand(4000, N_CHANCES))[:, 0, 0, 0]
    beat = toy_format.n_frames // toy_format.beats
    assert set(turned.tolist()) == {float(beat * number) for number in range(toy_format.beats)}
    share = (turned != 0).float().mean().item()
    assert share == pytest.approx(0.3 * 7 / 8, abs=0.03)  # one turn in eight is none
    counts = torch.bincount((turned / beat).long())[1:]
    assert counts.max() < 1.5 * counts.min()


def test_turning_is_circular_and_by_whole_beats(toy_format: MelFormat, loops: Tensor) -> None:
    turned = roll_beats(loops, torch.arange(8) / 8 + 0.01, toy_format)
    for number in range(8):
        assert torch.equal(turned[number], loops[number].roll(number * toy_format.n_frames // 8, dims=-1))


def test_level_is_shifted_fully_where_it_is_loud_and_not_at_all_at_the_floor(toy_format: MelFormat) -> None:
    mel = torch.tensor([toy_format.floor - 0.2, toy_format.floor, toy_format.floor + 0.3, 0.2]).expand(2, 16, 4)
    spectrogram = torch.stack([mel, torch.ones_like(mel)], dim=1)
    shift = torch.linspace(-0.1, 0.1, 16).expand(2, 16)
    shifted = shift_level(spectrogram, shift, toy_format)
    change = (shifted - spectrogram)[0]
    torch.testing.assert_close(change[0], shift[0][:, None] * torch.tensor([0.0, 0.0, 0.5, 1.0]))
    assert torch.equal(change[1], torch.zeros(16, 4))


def test_holes_are_of_every_size_and_reach_every_place(seeded_torch: None) -> None:
    holes = hole(64, 0.25, torch.rand(4000))
    assert set(holes.unique().tolist()) == {0.0, 1.0}
    sizes = holes.sum(dim=1)
    assert (sizes.min().item(), sizes.max().item()) == (0, 16)
    assert (holes.diff(dim=1).abs().sum(dim=1) <= 2).all()  # in one piece
    often = holes.mean(dim=0)
    assert often.max() < 1.5 * often.min()


def test_cut_out_bands_and_frames_are_silence(toy_format: MelFormat, seeded_torch: None) -> None:
    augmentation = make(toy_format, 0.85, gain=0.0, tilt=0.0)
    cut = augmentation(torch.full((200, 2, 16, 64), 0.5), torch.rand(200, N_CHANCES))
    is_cut = cut[:, 0] == toy_format.floor
    assert torch.equal(is_cut, cut[:, 1] == 0)
    assert torch.equal(~is_cut, cut[:, 0] == 0.5)
    whole_frames, whole_bands = is_cut.all(dim=1).any(dim=1), is_cut.all(dim=2).any(dim=1)
    assert whole_frames.float().mean().item() == pytest.approx(0.85, abs=0.1)
    assert whole_bands.any()
    wraps = is_cut.all(dim=1)[:, 0] & is_cut.all(dim=1)[:, -1]
    assert wraps.any()  # holes in time are circular


def test_gradients_are_those_of_what_is_done(toy_format: MelFormat, seeded_torch: None) -> None:
    loops = (torch.rand(8, 2, 16, 64).double() - 0.9).requires_grad_()
    augmentation, chances = make(toy_format, 0.85).double(), torch.rand(8, N_CHANCES).double()
    (gradient,) = torch.autograd.grad(augmentation(loops, chances).square().sum(), loops)
    assert gradient.isfinite().all()
    direction = torch.randn_like(loops)
    ends = [augmentation((loops + sign * 1e-6 * direction).detach(), chances).square().sum() for sign in (1, -1)]
    slope = ((ends[0] - ends[1]) / 2e-6).item()
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize(("sign", "probability"), [(1.0, 0.52), (0.2, 0.48)])
def test_probability_moves_towards_the_target(toy_format: MelFormat, sign: float, probability: float) -> None:
    augmentation = make(toy_format, 0.5, kimg=0.8, every=2)  # 16 images are a fiftieth of the way
    augmentation.adapt(torch.tensor(sign), step=0, batch_size=8)
    assert augmentation.probability == 0.5
    augmentation.adapt(torch.tensor(sign), step=1, batch_size=8)
    assert augmentation.probability.item() == pytest.approx(probability)
    assert augmentation.sign_sum == 0


def test_probability_stays_within_its_bounds(toy_format: MelFormat) -> None:
    augmentation = make(toy_format, 0.01, kimg=0.1, every=1)
    augmentation.adapt(torch.tensor(-1.0), step=0, batch_size=8)
    assert augmentation.probability == 0
    for step in range(20):
        augmentation.adapt(torch.tensor(1.0), step=step, batch_size=8)
    assert augmentation.probability.item() == pytest.approx(0.85)


def test_loud_kinds_of_augmentation_never_mirror(toy_format: MelFormat, seeded_torch: None) -> None:
    ramp = torch.arange(64.0).expand(500, 2, 16, 64) / 100
    varied = make(toy_format, 0.85, gain=0.0, tilt=0.0, cutout=0.0)(ramp, torch.rand(500, N_CHANCES))
    falls = (varied[:, 0, 0].diff(dim=1) < 0).sum(dim=1)
    assert (falls <= 1).all()
