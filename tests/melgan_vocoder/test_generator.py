"""mel -> sub-bands -> audio: against explicit loops, circular, local in time."""

import copy

import numpy as np
import pytest
import torch

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import ResidualBlock, UpsamplingStage, Vocoder, VocoderConfig


def spectrogram(rng: np.random.Generator, n_frames: int, *, batch: int = 1, n_mels: int = 128) -> torch.Tensor:
    return torch.from_numpy(rng.uniform(-1, 1, (batch, 1, n_mels, n_frames)).astype(np.float32))


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


@pytest.mark.parametrize("n_frames", [1, 2, 17, 64])
def test_any_number_of_frames_becomes_hops_of_audio_and_bands_in_range(
    toy_vocoder: Vocoder, rng: np.random.Generator, n_frames: int
) -> None:
    mel = spectrogram(rng, n_frames, batch=3, n_mels=16)
    audio, bands = toy_vocoder(mel), toy_vocoder.bands(mel)
    assert audio.shape == (3, 375 * n_frames)
    assert audio.dtype == torch.float32
    assert bands.shape == (3, 5, 75 * n_frames)
    assert audio.isfinite().all()
    assert bands.abs().max() <= 1


def test_bands_of_overdriven_features_stay_within_one(toy_vocoder: Vocoder, rng: np.random.Generator) -> None:
    vocoder, mel = copy.deepcopy(toy_vocoder), spectrogram(rng, 8, n_mels=16)
    vocoder.post.weight *= 100
    assert 0.99 < vocoder.bands(mel).abs().max() <= 1


def test_two_channels_of_a_spectrogram_are_read(rng: np.random.Generator, seeded_torch: None) -> None:
    vocoder = Vocoder(MelFormat(n_mels=16, n_channels=2), VocoderConfig(channels=(9, 8, 7, 6)))
    mel = spectrogram(rng, 8, n_mels=32).reshape(1, 2, 16, 8)
    other = mel.clone()
    other[:, 1] += 1
    assert vocoder(mel).shape == (1, 3000)
    assert not torch.equal(vocoder(mel), vocoder(other))


def test_rolling_the_mel_by_frames_rolls_the_audio_by_hops(vocoder: Vocoder, rng: np.random.Generator) -> None:
    mel = spectrogram(rng, 48)
    audio = vocoder(mel)
    for k in (1, 10, 47):
        torch.testing.assert_close(vocoder(mel.roll(k, -1)), audio.roll(k * 375, -1), atol=1e-4, rtol=0)


def test_window_with_a_halo_of_24_frames_equals_that_cut_of_the_whole(
    vocoder: Vocoder, rng: np.random.Generator
) -> None:
    mel = spectrogram(rng, 96)
    window = vocoder(mel[..., 8:72])[:, 24 * 375 : 40 * 375]
    torch.testing.assert_close(window, vocoder(mel)[:, 32 * 375 : 48 * 375], atol=1e-4, rtol=0)


def test_batch_equals_one_at_a_time_and_the_same_mel_gives_the_same_bits(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    mel = spectrogram(rng, 20, batch=3, n_mels=16)
    audio = toy_vocoder(mel)
    assert torch.equal(audio, toy_vocoder(mel))
    torch.testing.assert_close(audio, torch.cat([toy_vocoder(loop[None]) for loop in mel]), atol=1e-5, rtol=0)


def test_audio_is_the_synthesis_of_the_bands(toy_vocoder: Vocoder, rng: np.random.Generator) -> None:
    mel = spectrogram(rng, 20, n_mels=16)
    assert torch.equal(toy_vocoder(mel), toy_vocoder.pqmf.synthesis(toy_vocoder.bands(mel)))


@pytest.mark.parametrize("dilation", [1, 3, 9, 27])
def test_residual_block_equals_explicit_dilated_convolution(
    rng: np.random.Generator, seeded_torch: None, dilation: int
) -> None:
    block, x = ResidualBlock(4, dilation).double(), rng.standard_normal((4, 20))
    state = {name: tensor.numpy() for name, tensor in block.state_dict().items()}
    rolled = [np.roll(leaky(x), shift, axis=1) for shift in (dilation, 0, -dilation)]
    hidden = sum(state["dilated.weight"][:, :, tap] @ rolled[tap] for tap in range(3)) + state["dilated.bias"][:, None]
    needed = x + state["pointwise.weight"][:, :, 0] @ leaky(hidden) + state["pointwise.bias"][:, None]
    with torch.inference_mode():
        np.testing.assert_allclose(block(torch.from_numpy(x)[None])[0].numpy(), needed, atol=1e-10)


@pytest.mark.parametrize("stride", [3, 5])
def test_upsampling_stage_equals_explicit_circular_transposed_convolution(
    rng: np.random.Generator, seeded_torch: None, stride: int
) -> None:
    stage = UpsamplingStage(4, 3, stride=stride, dilations=()).double()
    x, n_frames = rng.standard_normal((4, 6)), 6
    weight, bias = stage.up.weight.detach().numpy(), stage.up.bias.detach().numpy()
    needed = np.tile(bias[:, None], n_frames * stride)
    for n in range(n_frames * stride):
        for frame in range(-1, n_frames + 1):  # frame -1 is the last one, frame n_frames the first one
            tap = n + stride // 2 - frame * stride
            if 0 <= tap < 2 * stride:
                needed[:, n] += leaky(x[:, frame % n_frames]) @ weight[:, :, tap]
    with torch.inference_mode():
        np.testing.assert_allclose(stage(torch.from_numpy(x)[None])[0].numpy(), needed, atol=1e-10)


def test_gradient_reaches_every_weight_and_every_cell_of_the_mel(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    vocoder = copy.deepcopy(toy_vocoder).requires_grad_()
    mel = spectrogram(rng, 20, n_mels=16).requires_grad_()
    vocoder(mel).square().sum().backward()
    assert mel.grad is not None
    assert (mel.grad != 0).all()
    for name, weight in vocoder.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_channels_that_do_not_match_the_strides_are_refused() -> None:
    message = "vocoder has 3 channels for 3 strides, one more than strides is needed; correct channels or strides"
    with pytest.raises(VocoderError, match=message):
        VocoderConfig(channels=(8, 8, 8))


def test_strides_that_do_not_make_the_hop_are_refused() -> None:
    message = r"vocoder strides \(4, 5, 5\) upsample by 500, the MelFormat needs 375; correct the strides"
    with pytest.raises(VocoderError, match=message):
        Vocoder(MelFormat(), VocoderConfig(channels=(8, 8, 8, 8), strides=(4, 5, 5)))
