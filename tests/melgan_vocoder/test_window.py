"""Windows of loops: what they depend on, equal to that cut of the whole, in the phase of what sounds there."""

import copy
import functools

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from melgan_vocoder.spectrogram import SpectrogramTransform

N_FRAMES = 192


@functools.cache
def loop() -> Tensor:
    """The spectrogram of a held note, a glide and hits."""
    rng = np.random.default_rng(3)
    time_s = np.arange(N_FRAMES * 375) / 48_000
    audio = 0.2 * np.sin(2 * np.pi * 98 * time_s)
    audio += 0.1 * np.sin(2 * np.pi * (900 * time_s - 40 * np.cos(2 * np.pi * time_s / 1.5)))
    for start in (5000, 29_000, 53_000):
        hit = np.exp(-np.arange(9000) / 1500) * (rng.standard_normal(9000) + np.sin(np.arange(9000) / 90))
        audio[start : start + 9000] += 0.2 * hit
    return SpectrogramTransform(MelFormat())(torch.from_numpy(audio).float()[None])


def states_of(vocoder: Vocoder, spectrogram: Tensor) -> Tensor:
    return vocoder.excitation.states(vocoder.excitation.read(spectrogram))


def window_of(vocoder: Vocoder, spectrogram: Tensor, *, first: int, n_frames: int) -> tuple[Tensor, Tensor]:
    """Audio and states of some frames, rendered as a window with the states of the whole."""
    halo = vocoder.halo(spectrogram.shape[1])
    frames = torch.arange(first - halo, first + n_frames + halo) % spectrogram.shape[-1]
    states_in = vocoder.render(spectrogram).states[..., frames[: halo + 1]]
    return vocoder.window(spectrogram[..., frames], states_in)


@pytest.mark.parametrize(("n_channels", "needed"), [(2, 17), (1, 22)])
def test_halo_is_what_convolutions_filters_and_windows_reach(
    any_vocoder: Vocoder, n_channels: int, needed: int
) -> None:
    assert any_vocoder.halo(n_channels) == needed


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize(("first", "n_frames"), [(0, 16), (13, 1), (70, 32), (N_FRAMES - 5, 20), (76, 8)])
def test_window_equals_that_cut_of_the_whole(any_vocoder: Vocoder, n_channels: int, first: int, n_frames: int) -> None:
    spectrogram = loop()[:, :n_channels]
    whole = any_vocoder.render(spectrogram)
    audio, states = window_of(any_vocoder, spectrogram, first=first, n_frames=n_frames)
    needed = whole.audio.roll(-first * 375, -1)[:, : n_frames * 375]
    torch.testing.assert_close(audio, needed, atol=1e-5, rtol=0)
    turned = states[:, 0] - whole.states.roll(-first, -1)[:, 0, :, :n_frames]
    assert (turned - turned.round()).abs().max() < 1e-4


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_smaller_halo_would_not_do(vocoder: Vocoder, monkeypatch: pytest.MonkeyPatch, n_channels: int) -> None:
    spectrogram = loop()[:, :n_channels]
    whole = vocoder(spectrogram).roll(-70 * 375, -1)[:, : 8 * 375]
    heard = vocoder.filter_halo(n_channels)
    monkeypatch.setattr(Vocoder, "filter_halo", lambda self, n_channels: heard - 1)
    audio, _ = window_of(vocoder, spectrogram, first=70, n_frames=8)
    assert (audio - whole).abs().max() > 1e-4


def test_window_in_half_precision_is_nearly_that_cut_of_the_whole(vocoder: Vocoder) -> None:
    half = copy.deepcopy(vocoder)
    half.is_half = True
    whole = half(loop()).roll(-70 * 375, -1)[:, : 32 * 375]
    audio, _ = window_of(half, loop(), first=70, n_frames=32)
    assert (audio - whole).square().mean() < 1e-5 * whole.square().mean()


def test_a_window_goes_on_in_the_phase_of_what_sounds_there(fresh_vocoder: Vocoder) -> None:
    halo = fresh_vocoder.halo(2)
    cut = loop()[..., 80 - halo : 100 + halo]
    states_in = fresh_vocoder.render(loop()).states[..., 80 - halo : 81].clone()
    states_in[:, 0] = (states_in[:, 0] + 0.25) % 1
    _, states = fresh_vocoder.window(cut, states_in)
    torch.testing.assert_close(states[..., 0], states_in[..., -1], atol=0, rtol=0)
    turned = (states - fresh_vocoder.render(loop()).states[..., 80:100])[0, 0] % 1
    assert ((turned - 0.25).abs() < 1e-4).float().mean() > 0.9  # but for bands in which sound sets in


def test_a_whole_render_is_what_is_played_and_tells_its_states(any_vocoder: Vocoder) -> None:
    audio, states = any_vocoder.render(loop())
    assert torch.equal(audio, any_vocoder(loop()))
    assert torch.equal(states, states_of(any_vocoder, loop()))
    mel = loop()[:, :1]
    audio, states = any_vocoder.render(mel)
    assert torch.equal(audio, any_vocoder(mel))
    assert torch.equal(states, states_of(any_vocoder, any_vocoder.stand_in(mel)))


@pytest.mark.parametrize(("n_channels", "n_frames", "n_states"), [(2, 34, 18), (2, 50, 17), (1, 44, 23), (1, 60, 18)])
def test_window_without_its_halo_or_its_states_is_refused(
    fresh_vocoder: Vocoder, n_channels: int, n_frames: int, n_states: int
) -> None:
    halo = {1: 22, 2: 17}[n_channels]
    message = (
        f"window has {n_frames} frames and {n_states} states, more than {2 * halo} frames and {halo + 1} states are "
        f"needed; add {halo} frames at each end, and the states up to its first frame"
    )
    with pytest.raises(VocoderError, match=message):
        fresh_vocoder.window(
            torch.zeros(1, n_channels, 128, n_frames), torch.zeros(1, 2, fresh_vocoder.excitation.n_bands, n_states)
        )
