"""spectrogram -> sub-bands -> audio: against explicit loops, circular, local in time, silent in silence."""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import LEAST_LEVEL, Stage, Vocoder, VocoderConfig, sub_band_shares
from melgan_vocoder.spectrogram import SpectrogramTransform

FORMAT = MelFormat()
N_FRAMES = 192
HALO = 24
"""Frames that the network and the filter bank see to either side."""


def random_spectrogram(rng: np.random.Generator, n_frames: int, *, batch: int = 1, n_mels: int = 16) -> Tensor:
    """Two channels without silence."""
    mel = rng.uniform(-0.95, 0.5, (batch, n_mels, n_frames))
    band_frequency = rng.uniform(-1, 1, (batch, n_mels, n_frames))
    return torch.from_numpy(np.stack([mel, band_frequency], axis=1).astype(np.float32))


@functools.cache
def loop() -> Tensor:
    """The spectrogram of held notes, a glide, hits and a little noise."""
    rng = np.random.default_rng(3)
    time_s = np.arange(N_FRAMES * 375) / 48_000
    audio = 0.2 * np.sin(2 * np.pi * 98 * time_s) + 0.1 * np.sin(2 * np.pi * 523 * time_s)
    audio += 0.1 * np.sin(2 * np.pi * (900 * time_s - 40 * np.cos(2 * np.pi * time_s / 1.5)))
    for start in (5000, 29_000, 53_000):
        hit = np.exp(-np.arange(9000) / 1500) * (rng.standard_normal(9000) + np.sin(np.arange(9000) / 90))
        audio[start : start + 9000] += 0.2 * hit
    return SpectrogramTransform(FORMAT)(torch.from_numpy(audio).float()[None])


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


# --- contract


@pytest.mark.parametrize("n_frames", [1, 2, 17, 64])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_any_number_of_frames_becomes_hops_of_audio(
    toy_vocoder: Vocoder, rng: np.random.Generator, n_frames: int, n_channels: int
) -> None:
    spectrogram = random_spectrogram(rng, n_frames, batch=3)
    audio, bands = toy_vocoder(spectrogram[:, :n_channels]), toy_vocoder.bands(spectrogram)
    assert audio.shape == (3, 375 * n_frames)
    assert audio.dtype == torch.float32
    assert audio.isfinite().all()
    assert bands.shape == (3, 5, 75 * n_frames)


def test_audio_is_the_synthesis_of_the_bands_at_the_levels_of_the_spectrogram(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    spectrogram = random_spectrogram(rng, 20)
    assert torch.equal(toy_vocoder(spectrogram), toy_vocoder.join(toy_vocoder.bands(spectrogram), spectrogram))


def test_one_channel_is_played_as_the_two_that_stand_in_for_it_at_its_own_levels(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    mel = random_spectrogram(rng, 20)[:, :1]
    assert torch.equal(toy_vocoder(mel), toy_vocoder.join(toy_vocoder.bands(toy_vocoder.stand_in(mel)), mel))


@pytest.mark.parametrize("channel", [0, 1])
def test_both_channels_are_heard_in_every_sub_band(
    fresh_vocoder: Vocoder, rng: np.random.Generator, channel: int
) -> None:
    spectrogram = random_spectrogram(rng, 20, n_mels=128)
    other = spectrogram.clone()
    other[:, channel] += 0.2
    difference = fresh_vocoder.bands(spectrogram) - fresh_vocoder.bands(other)
    assert (difference.abs().amax(dim=(0, 2)) > 1e-4).all()


def test_batch_equals_one_at_a_time_and_the_same_spectrogram_gives_the_same_bits(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    spectrogram = random_spectrogram(rng, 20, batch=3)
    audio = toy_vocoder(spectrogram)
    assert torch.equal(audio, toy_vocoder(spectrogram))
    one_at_a_time = torch.cat([toy_vocoder(loop[None]) for loop in spectrogram])
    torch.testing.assert_close(audio, one_at_a_time, atol=1e-5, rtol=0)


def test_half_precision_is_nearly_the_same_and_silence_stays_silent(fresh_vocoder: Vocoder) -> None:
    half = copy.deepcopy(fresh_vocoder)
    half.is_half = True
    spectrogram = loop().clone()
    spectrogram[:, 0, :, 50:100] = FORMAT.floor
    audio, nearly = fresh_vocoder(spectrogram), half(spectrogram)
    assert nearly.dtype == torch.float32
    assert not torch.equal(audio, nearly)
    assert (audio - nearly).square().mean() < 1e-4 * audio.square().mean()
    assert not nearly[0, 56 * 375 : 93 * 375].any()


# --- silence and level


@pytest.mark.parametrize("n_frames", [1, 40])
def test_silence_is_exactly_zero(any_vocoder: Vocoder, rng: np.random.Generator, n_frames: int) -> None:
    spectrogram = random_spectrogram(rng, n_frames, batch=2, n_mels=128)
    spectrogram[:, 0] = FORMAT.floor
    assert not any_vocoder(spectrogram).any()


def test_sound_ends_with_the_spectrogram_and_the_filter_bank(any_vocoder: Vocoder) -> None:
    spectrogram = loop().clone()
    spectrogram[:, 0, :, 50:100] = FORMAT.floor
    audio = any_vocoder(spectrogram)[0]
    end, start, spread = 50 * 375 + 45, 99 * 375 - 45, 2048  # a frame of the filter for levels spreads what it holds
    assert not audio[end + spread : start - spread].any()
    assert audio[end:start].abs().max() < 0.05 * audio.abs().max()
    assert audio[45 * 375 : 50 * 375].any()


def test_level_is_the_root_of_the_power_in_each_sub_band_in_straight_lines(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    spectrogram = random_spectrogram(rng, 6)
    spectrogram[0, 0, :, 2] = toy_vocoder.mel_format.floor
    shares = sub_band_shares(toy_vocoder.mel_format)
    mel = spectrogram[0, 0].double().numpy()
    power = 10 ** (2 * (mel * 2.3 - 2.2)) * (mel > -0.999)
    at_frames = np.sqrt(shares @ power)
    needed = np.zeros((5, 6 * 75))
    for sample in range(6 * 75):
        frame, share = sample // 75, sample % 75 / 75
        needed[:, sample] = (1 - share) * at_frames[:, frame] + share * at_frames[:, (frame + 1) % 6]
    np.testing.assert_allclose(toy_vocoder.level(spectrogram)[0].numpy(), needed, rtol=1e-4, atol=1e-9)
    assert not needed[:, 150].any()


def states_of(vocoder: Vocoder, spectrogram: torch.Tensor) -> torch.Tensor:
    return vocoder.excitation.states(vocoder.excitation.read(spectrogram))


def excite(vocoder: Vocoder, spectrogram: torch.Tensor) -> torch.Tensor:
    return vocoder.excitation(vocoder.excitation.read(spectrogram), states_of(vocoder, spectrogram)[:, 0])


def test_double_the_magnitude_is_double_the_level_and_double_the_excitation(
    toy_vocoder: Vocoder, rng: np.random.Generator
) -> None:
    spectrogram = random_spectrogram(rng, 20)
    louder = spectrogram.clone()
    louder[:, 0] += np.log10(2) / 2.3
    torch.testing.assert_close(toy_vocoder.level(louder), 2 * toy_vocoder.level(spectrogram), atol=0, rtol=1e-4)
    drawn = [excite(toy_vocoder, each) for each in (spectrogram, louder)]
    torch.testing.assert_close(drawn[1], 2 * drawn[0], atol=1e-5, rtol=0)


def test_sub_bands_share_the_power_of_a_band_by_where_it_lies() -> None:
    shares, centers = sub_band_shares(FORMAT), FORMAT.band_centers_hz
    assert shares.shape == (5, 128)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    for sub_band in range(4):
        inside = np.abs(centers - 4800 * (sub_band + 0.5)) < 1200
        assert shares[sub_band, inside].min() > 0.99
    assert shares[4].argmax() == 127
    at_edge = np.abs(centers - 4800).argmin()
    assert 0.2 < shares[0, at_edge] < 0.8
    assert shares[:2, at_edge].sum() > 0.999


def test_without_the_network_the_lowest_sub_bands_are_the_excitation(fresh_vocoder: Vocoder) -> None:
    vocoder = copy.deepcopy(fresh_vocoder)
    vocoder.stages[-1].up.weight.zero_()
    vocoder.stages[-1].up.bias.zero_()
    bands = vocoder.bands(loop())
    excitation = excite(vocoder, loop())
    assert torch.equal(bands[:, :3], excitation)
    assert not bands[:, 3:].any()
    assert excitation.abs().max() > 0.2


def test_network_draws_relative_to_the_level_of_each_sub_band_and_modulates_the_excitation(
    fresh_vocoder: Vocoder,
) -> None:
    vocoder = copy.deepcopy(fresh_vocoder)
    vocoder.stages[-1].up.weight.zero_()
    vocoder.stages[-1].up.bias.copy_(torch.arange(1.0, 9.0).repeat(5))
    excitation = excite(vocoder, loop())
    needed = vocoder.level(loop()) * torch.arange(1.0, 6.0)[:, None]
    needed[:, :3] += excitation * torch.tensor([7.0, 8.0, 9.0])[:, None]
    torch.testing.assert_close(vocoder.bands(loop()), needed)


def test_network_hears_the_excitation_relative_to_the_level_of_its_sub_band(
    fresh_vocoder: Vocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocoder, heard = copy.deepcopy(fresh_vocoder), []
    for stage in vocoder.stages:
        stage.register_forward_pre_hook(lambda module, inputs: heard.append(inputs[1]))
    vocoder.bands(loop())
    excitation = excite(vocoder, loop())
    needed = excitation / vocoder.level(loop())[:, :3].clamp_min(LEAST_LEVEL)
    assert len(heard) == 3
    for each in heard:
        torch.testing.assert_close(each, needed)


# --- loops and cuts


@pytest.mark.parametrize("n_frames", [1, 10, 100, 191])
def test_rolling_the_spectrogram_rolls_the_audio_by_hops(any_vocoder: Vocoder, n_frames: int) -> None:
    states = states_of(any_vocoder, loop())
    rolled = any_vocoder(loop().roll(-n_frames, -1), states[..., n_frames])
    torch.testing.assert_close(rolled, any_vocoder(loop()).roll(-n_frames * 375, -1), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("first", "last"), [(HALO, 40), (50, 51), (76, 80), (60, 140), (100, N_FRAMES - HALO)])
def test_window_with_a_halo_and_its_state_equals_that_cut_of_the_whole(
    any_vocoder: Vocoder, first: int, last: int
) -> None:
    start = first - HALO
    states = states_of(any_vocoder, loop())
    window = any_vocoder(loop()[..., start : last + HALO], states[..., start])[:, HALO * 375 : -HALO * 375]
    torch.testing.assert_close(window, any_vocoder(loop())[:, first * 375 : last * 375], atol=1e-4, rtol=0)


def test_window_without_its_state_is_another_sound(fresh_vocoder: Vocoder) -> None:
    window = fresh_vocoder(loop()[..., 30:140], torch.zeros(1, 2, fresh_vocoder.excitation.n_bands))
    difference = window[:, HALO * 375 : -HALO * 375] - fresh_vocoder(loop())[:, (30 + HALO) * 375 : 116 * 375]
    assert difference.abs().max() > 0.05


def test_seam_is_no_larger_than_steps_elsewhere(any_vocoder: Vocoder) -> None:
    steps = any_vocoder(loop())[0].diff(append=any_vocoder(loop())[0, :1]).abs()
    assert steps[-1] <= steps[:-1].max()


# --- layers


@pytest.mark.parametrize("stride", [3, 5])
def test_stage_equals_explicit_excitation_and_sub_pixel_convolution(
    rng: np.random.Generator, seeded_torch: None, stride: int
) -> None:
    stage = Stage(4, 2, stride=stride, n_excitation=6, dilations=()).double()
    n = 6
    x, excitation = rng.standard_normal((4, n)), rng.standard_normal((3, n * 2))
    state = {name: tensor.numpy() for name, tensor in stage.state_dict().items()}
    features = np.zeros((4, n))
    for step in range(n):
        heard = (
            state["excite.weight"][:, :, 0, 0] @ excitation[:, 2 * step : 2 * step + 2].ravel() + state["excite.bias"]
        )
        features[:, step] = leaky(x[:, step] + heard)
    needed = np.zeros((2, n * stride))
    for sample in range(n * stride):
        for channel in range(2):
            row = sample % stride * 2 + channel
            needed[channel, sample] = state["up.bias"][row] + sum(
                state["up.weight"][row, :, 0, tap] @ features[:, (sample // stride + tap - 1) % n] for tap in range(3)
            )
    with torch.inference_mode():
        got = stage(torch.from_numpy(x)[None, :, None], torch.from_numpy(excitation)[None])
    assert got.shape == (1, 2, 1, n * stride)
    np.testing.assert_allclose(got[0, :, 0].numpy(), needed, atol=1e-12)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_gradient_reaches_every_weight_and_every_cell(
    toy_vocoder: Vocoder, rng: np.random.Generator, n_channels: int
) -> None:
    vocoder = copy.deepcopy(toy_vocoder).requires_grad_()
    spectrogram = random_spectrogram(rng, 20)[:, :n_channels].clone().requires_grad_()
    vocoder(spectrogram).square().sum().backward()
    assert spectrogram.grad is not None
    assert spectrogram.grad.isfinite().all()
    assert (spectrogram.grad != 0).all()
    for name, weight in vocoder.named_parameters():
        if n_channels == 2 and name.startswith("stand_in."):
            assert weight.grad is None, name
            continue
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


def test_weights_alone_are_stored(toy_vocoder: Vocoder) -> None:
    assert set(toy_vocoder.state_dict()) == set(dict(toy_vocoder.named_parameters()))


# --- what is refused


def test_channels_that_do_not_match_the_strides_are_refused() -> None:
    message = "vocoder has 2 channels for 3 strides, as many are needed; correct channels or strides"
    with pytest.raises(VocoderError, match=message):
        VocoderConfig(channels=(8, 8))


@pytest.mark.parametrize("name", ["channels", "strides", "dilations"])
@pytest.mark.parametrize("sizes", [(), (0, 1, 1), (-3, 5, 5), (3, 5, 5.0), (True, 5, 5), (4097, 1, 1), ("3", 5, 5)])
def test_size_that_is_no_whole_number_within_limits_is_refused_by_name(name: str, sizes: tuple[int, ...]) -> None:
    message = rf"vocoder {name} .*: whole numbers from 1 to 4096 are needed; correct them"
    with pytest.raises(VocoderError, match=message):
        VocoderConfig(**{name: sizes})


@pytest.mark.parametrize("size", [0, -1, 4097, 2.5])
def test_width_of_the_stand_in_out_of_limits_is_refused(size: int) -> None:
    with pytest.raises(VocoderError, match=r"vocoder stand_in_channels .*: whole numbers from 1 to 4096 are needed"):
        VocoderConfig(stand_in_channels=size)


def test_lists_of_sizes_become_tuples() -> None:
    config = VocoderConfig(channels=[8, 7, 6], strides=[5, 5, 3], dilations=[1])  # type: ignore[arg-type]
    assert (config.channels, config.strides, config.dilations) == ((8, 7, 6), (5, 5, 3), (1,))


def test_strides_that_do_not_make_the_hop_are_refused() -> None:
    message = r"vocoder strides \(4, 5, 5\) upsample by 500, the MelFormat needs 375; correct the strides"
    with pytest.raises(VocoderError, match=message):
        Vocoder(MelFormat(), VocoderConfig(channels=(8, 8, 8), strides=(4, 5, 5)))
