"""spectrogram -> sinusoids: which bands sound, how their phase runs on, and that cuts equal the whole."""

import functools
import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder.excitation import Excitation, close, integrate, links
from melgan_vocoder.format import MelFormat
from melgan_vocoder.pqmf import passband
from melgan_vocoder.spectrogram import SpectrogramTransform

FORMAT = MelFormat()
TRANSFORM = SpectrogramTransform(FORMAT)
EXCITATION = Excitation(FORMAT)
N_SAMPLES = FORMAT.n_samples
TIME_S = np.arange(N_SAMPLES) / FORMAT.sample_rate
HOP = 75
"""Samples of the lowest sub-band in a frame."""
FRAME_S = FORMAT.hop_length / FORMAT.sample_rate
FLOOR = FORMAT.floor


def hits() -> np.ndarray:
    """Eight equal hits that die away, one a beat."""
    since_s = (TIME_S - 170 / 48_000) % 0.5
    return 0.5 * (np.sin(2 * np.pi * 55 * since_s) + np.sin(2 * np.pi * 700 * since_s)) * np.exp(-since_s / 0.06)


def glides() -> np.ndarray:
    """Three partials that slide through many bands and come back."""
    audio = np.zeros(N_SAMPLES)
    for frequency_hz, octaves, turns in ((70, 0.4, 1), (310, 0.3, 2), (1200, 0.1, 3)):
        pitch = frequency_hz * 2 ** (octaves * np.sin(2 * np.pi * turns * TIME_S / 4))
        audio += 0.2 * np.sin(2 * np.pi * np.cumsum(pitch) / FORMAT.sample_rate)
    return audio


def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(7).standard_normal(N_SAMPLES)


SOUNDS: dict[str, Callable[[], np.ndarray]] = {"glides": glides, "hits": hits, "noise": noise}


@functools.cache
def analysed(sound: str) -> Tensor:
    """The spectrogram of one of the sounds."""
    return spectrogram_of(SOUNDS[sound]())


def spectrogram_of(audio: np.ndarray) -> Tensor:
    return TRANSFORM(torch.from_numpy(audio).float()[None])


def excite(spectrogram: Tensor, state_in: Tensor | None = None) -> Tensor:
    with torch.inference_mode():
        partials = EXCITATION.read(spectrogram)
        return EXCITATION(partials, EXCITATION.states(partials, state_in)[:, 0])


def states_of(spectrogram: Tensor, state_in: Tensor | None = None) -> Tensor:
    return EXCITATION.states(EXCITATION.read(spectrogram), state_in)


def held(peaks: dict[int, tuple[float, float]], n_frames: int) -> Tensor:
    """A stationary spectrogram: value and band frequency of each band that sounds."""
    spectrogram = torch.zeros(1, 2, 128, n_frames)
    spectrogram[:, 0] = FLOOR
    for band, (mel, offset) in peaks.items():
        spectrogram[0, :, band] = torch.tensor([[mel], [offset]])
    return spectrogram


def cycles_a_frame(band: int, offset: float) -> float:
    return float(FORMAT.band_centers_hz[band] + offset * FORMAT.bandwidths_hz[band]) * FRAME_S


def apart(one: Tensor | float, other: Tensor | float) -> float:
    """Largest distance of phases, in cycles."""
    return float(torch.as_tensor((one - other + 0.5) % 1 - 0.5).abs().max())


# --- partials


def test_silence_is_exactly_zero(rng: np.random.Generator) -> None:
    spectrogram = held({}, 64)
    assert torch.equal(excite(spectrogram), torch.zeros(1, 3, 64 * HOP))
    spectrogram[:, 1] = torch.from_numpy(rng.uniform(-1.5, 1.5, (128, 64)))
    assert torch.equal(excite(spectrogram), torch.zeros(1, 3, 64 * HOP))


def test_a_partial_between_silences_sounds_for_its_frames_and_no_longer() -> None:
    spectrogram = held({}, 40)
    spectrogram[0, 0, 30, 10:20] = 0.5
    excitation = excite(spectrogram)[0]
    assert excitation[0, 9 * HOP + 1 : 20 * HOP].abs().max() > 0.08
    assert not excitation[:, : 9 * HOP + 1].any()
    assert not excitation[:, 20 * HOP :].any()


def test_amplitude_is_that_of_the_peak_with_its_neighbours() -> None:
    spectrogram = held({20: (0.2, 0.1), 21: (-0.1, -0.9), 19: (-0.4, 0.7), 60: (0.5, 0.0)}, 3)
    amplitude = EXCITATION.amplitudes(spectrogram)
    assert amplitude.shape == (1, 3, EXCITATION.n_bands)
    power = [10 ** (2 * (mel * 2.3 - 2.2)) for mel in (0.2, -0.1, -0.4, 0.5)]
    needed = torch.zeros(EXCITATION.n_bands)
    needed[20], needed[60] = math.sqrt(sum(power[:3])), math.sqrt(power[3])
    torch.testing.assert_close(amplitude[0], needed.expand(3, -1), atol=1e-7, rtol=1e-5)


def test_neighbour_between_two_peaks_gives_half_of_its_power_to_each() -> None:
    amplitude = EXCITATION.amplitudes(held({10: (0.2, 0.1), 11: (-0.2, 0.0), 12: (0.1, -0.1)}, 1))[0, 0]
    peaks, shared = [10 ** (2 * (mel * 2.3 - 2.2)) for mel in (0.2, 0.1)], 10 ** (2 * (-0.2 * 2.3 - 2.2))
    assert amplitude.nonzero().flatten().tolist() == [10, 12]
    np.testing.assert_allclose(amplitude[[10, 12]], np.sqrt([power + shared / 2 for power in peaks]), rtol=1e-5)


def test_loud_band_whose_energy_lies_outside_it_carries_no_partial() -> None:
    for offset, sounds in ((0.7, True), (-0.7, True), (0.8, False), (-0.8, False)):
        assert EXCITATION.amplitudes(held({30: (0.5, offset)}, 1)).any() == sounds


def test_bands_of_equal_loudness_make_one_partial() -> None:
    assert EXCITATION.amplitudes(held({30: (0.5, 0.5), 31: (0.5, -0.5)}, 1)).count_nonzero() == 1


def test_lowest_band_may_be_a_partial_and_bands_near_the_end_of_the_third_sub_band_may_not() -> None:
    assert EXCITATION.amplitudes(held({0: (0.5, 0.0)}, 1))[0, 0, 0] > 0
    highest = int(np.flatnonzero(FORMAT.band_centers_hz < 12_500)[-1])
    assert EXCITATION.n_bands == highest + 1
    assert EXCITATION.amplitudes(held({highest: (0.5, 0.0)}, 1)).any()
    assert not EXCITATION.amplitudes(held({highest + 1: (0.5, 0.0)}, 1)).any()


def test_sinusoids_are_drawn_from_phase_frequency_and_amplitude_between_frame_centres() -> None:
    spectrogram = spectrogram_of(glides() + 0.1 * noise())[..., 100:106]
    with torch.inference_mode():
        partials = EXCITATION.read(spectrogram)
        phase = EXCITATION.states(partials)[:, 0]
        got = EXCITATION(partials, phase)[0, :2].numpy()
        amplitudes, cycles = partials.amplitude[0].double(), partials.cycles[0].double()
    needed = np.zeros((2, 6 * HOP))
    grid_hz = 20 * (cycles * FORMAT.sample_rate / FORMAT.hop_length / 20).round()
    gains = passband(grid_hz.numpy().ravel() / FORMAT.sample_rate).reshape(5, *cycles.shape)
    for frame in range(6):
        for sub_band, shift in enumerate((0, -0.25)):
            heard = torch.arange(EXCITATION.n_bands)[EXCITATION.heard[sub_band]]
            loudest = heard[amplitudes[frame, heard].argsort(descending=True)[:24]]
            loudness = amplitudes[frame, loudest] * torch.from_numpy(gains[sub_band, frame])[loudest]
            for sample in range(-HOP, HOP):
                turns = phase[0, loudest, frame].double() + cycles[frame, loudest] * sample / HOP
                value = float((loudness * torch.cos(2 * torch.pi * (turns + shift))).sum())
                needed[sub_band, (frame * HOP + sample) % (6 * HOP)] += (1 - abs(sample) / HOP) * value
    np.testing.assert_allclose(got, needed, atol=2e-5)
    assert np.abs(needed[0]).max() > 0.2
    assert np.abs(needed[1]).max() > 0.002


def test_sub_band_leaves_out_bands_that_its_filter_hardly_lets_through() -> None:
    centers = FORMAT.band_centers_hz[: EXCITATION.n_bands]
    for sub_band, heard in enumerate(EXCITATION.heard):
        left_out = np.delete(centers, heard)
        assert passband(left_out / FORMAT.sample_rate)[sub_band].max() < 1e-3
        assert len(left_out) >= 14


# --- phase


def test_phase_of_a_held_partial_runs_on_at_its_frequency_and_closes_over_the_loop() -> None:
    for band, offset in ((0, 0.3), (7, -0.4), (30, 0.13), (60, 0.71)):
        states = states_of(held({band: (0.4, offset)}, 96))[0, :, band]
        step = cycles_a_frame(band, offset)
        drift = (round(96 * (step % 1)) - 96 * (step % 1)) / 96
        torch.testing.assert_close(states[1], torch.full((96,), drift), atol=1e-5, rtol=0)
        assert apart(states[0], torch.arange(96) * (step + drift)) < 1e-3
        assert apart(states[0, -1] + step + drift, states[0, 0]) < 1e-4


def test_onset_restarts_the_phase_at_0_and_is_not_drawn_to_close() -> None:
    spectrogram = held({}, 40)
    spectrogram[0, :, 30, 8:] = torch.tensor([[0.4], [0.2]])
    states = states_of(spectrogram)[0]
    assert not states[:, 28:33, 8].any()
    assert not states[1, 30, 8:].any()
    assert apart(states[0, 30, 8:], torch.arange(32) * cycles_a_frame(30, 0.2)) < 1e-4


@pytest.mark.parametrize(("rise_db", "restarts"), [(7.5, False), (8.5, True)])
def test_a_rise_of_more_than_8_db_is_an_onset(rise_db: float, restarts: bool) -> None:
    spectrogram = held({30: (-0.5, 0.2)}, 40)
    spectrogram[0, 0, 30, 20:] += rise_db / 20 / 2.3
    phase = states_of(spectrogram)[0, 0, 30]
    assert (apart(phase[20], 0) < 1e-5) == restarts
    assert EXCITATION.read(spectrogram).onset[0].any() == restarts


def test_a_partial_that_moves_among_its_neighbours_is_no_onset() -> None:
    spectrogram = held({30: (0.4, 0.4)}, 40)
    spectrogram[0, :, :, 20:] = held({31: (0.4, -0.5)}, 20)[0]
    assert not EXCITATION.read(spectrogram).onset[0, :, 31].any()


@pytest.mark.parametrize("reach", [-2, -1, 1, 2])
def test_phase_follows_a_partial_into_a_band_nearby(reach: int) -> None:
    spectrogram = held({30: (0.4, 0.2)}, 40)
    spectrogram[0, :, :, 20:] = held({30 + reach: (0.4, -0.3)}, 20)[0]
    states = states_of(spectrogram)[0]
    step = (cycles_a_frame(30, 0.2) + cycles_a_frame(30 + reach, -0.3)) / 2
    assert apart(states[0, 30 + reach, 20], states[0, 30, 19] + step + states[1, 30, 19]) < 1e-4


def test_of_two_partials_the_nearer_one_in_frequency_is_followed() -> None:
    spectrogram = held({29: (0.4, 0.4), 31: (0.5, 0.4)}, 40)
    spectrogram[0, :, :, 20:] = held({30: (0.4, -0.4)}, 20)[0]
    origin, _ = links(EXCITATION.read(spectrogram))
    assert origin[0, 20, 30] == 29
    spectrogram[0, 1, 30, 20:] = 0.6
    origin, _ = links(EXCITATION.read(spectrogram))
    assert origin[0, 20, 30] == 31


def test_parallel_scan_equals_a_plain_loop(rng: np.random.Generator) -> None:
    for n_frames in (1, 2, 3, 17, 64, 100):
        origin = torch.from_numpy(rng.integers(0, 6, (3, n_frames, 6)))
        step = torch.from_numpy(rng.uniform(-1, 1, (3, n_frames, 6)))
        before = origin.clone(), step.clone()
        root, turned = integrate(origin, step)
        assert torch.equal(origin, before[0])
        assert torch.equal(step, before[1])
        for loop in range(3):
            needed_root, needed_turned = list(range(6)), [0.0] * 6
            for frame in range(n_frames):
                if frame:
                    bands = [int(band) for band in origin[loop, frame]]
                    needed_turned = [needed_turned[bands[band]] + float(step[loop, frame, band]) for band in range(6)]
                    needed_root = [needed_root[band] for band in bands]
                assert root[loop, frame].tolist() == needed_root
                assert apart(turned[loop, frame], torch.tensor(needed_turned, dtype=torch.float64)) < 1e-9


def test_closing_gives_a_band_its_missing_cycle_a_follower_its_leaders_and_an_onset_its_own() -> None:
    root, turned = torch.tensor([[[0, 0, 3, 3]]]), torch.tensor([[[0.3, 0.5, 0.6, 0.0]]])
    phase, drift = close(root, turned, 10)[0]
    torch.testing.assert_close(drift, torch.tensor([-0.03, -0.03, 0.0]))
    assert apart(phase, torch.tensor([0.0, 0.2, 0.6])) < 1e-6


def test_followers_of_followers_are_closed_too() -> None:
    phase, drift = close(torch.tensor([[[0, 0, 1, 3]]]), torch.tensor([[[0.3, 0.5, 0.1, 0.0]]]), 10)[0]
    torch.testing.assert_close(drift, torch.tensor([-0.03] * 3))
    assert apart(phase, torch.tensor([0.0, 0.2, 0.0])) < 1e-6


@pytest.mark.parametrize("sound", SOUNDS)
def test_phase_of_every_frame_goes_on_from_its_origin(sound: str) -> None:
    spectrogram = analysed(sound)
    origin, step = links(EXCITATION.read(spectrogram))
    phase, drift = torch.nn.functional.pad(states_of(spectrogram)[0].mT, (0, 1))
    earlier = origin[0, 1:]
    needed = phase[:-1].gather(1, earlier) + step[0, 1:] + drift[1:]
    assert apart(phase[1:], needed) < 1e-4
    torch.testing.assert_close(drift[1:], drift[:-1].gather(1, earlier))
    sounding = EXCITATION.amplitudes(spectrogram)[0, 0] > 1e-2  # and the first frame from the last one
    seam = phase[-1].gather(0, origin[0, 0]) + step[0, 0] + drift[0]
    assert apart(phase[0, :-1][sounding], seam[:-1][sounding]) < 1e-4


# --- cuts


CUTS = [(0, 40), (100, 200), (37, 41), (63, 65), (300, 512), (511, 512)]


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize(("first", "end"), CUTS)
def test_cut_with_the_wholes_state_equals_the_whole(sound: str, first: int, end: int) -> None:
    spectrogram = analysed(sound)
    states, whole = states_of(spectrogram), excite(spectrogram)
    cut, state_in = spectrogram[..., first:end], states[..., first]
    got = states_of(cut, state_in)
    assert apart(got[:, 0], states[:, 0, :, first:end]) < 1e-5
    torch.testing.assert_close(got[:, 1], states[:, 1, :, first:end], atol=1e-6, rtol=0)
    until = (end - first - 1) * HOP  # the last hop hears the frame after the cut
    needed = whole[..., first * HOP : first * HOP + until]
    torch.testing.assert_close(excite(cut, state_in)[..., :until], needed, atol=1e-5, rtol=0)


def test_cuts_that_hand_their_state_on_equal_the_whole_across_onsets() -> None:
    spectrogram = spectrogram_of(hits() + glides())
    whole = states_of(spectrogram)
    edges = [0, 10, 63, 64, 65, 66, 130, 256, 257, 400, 511]
    state = whole[..., 0]
    for first, last in itertools.pairwise(edges):
        states = states_of(spectrogram[..., first : last + 1], state)
        assert apart(states[:, 0], whole[:, 0, :, first : last + 1]) < 1e-5
        state = states[..., -1]


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize(
    ("first", "known", "end"), [(0, 40, 60), (100, 150, 200), (37, 40, 41), (54, 64, 65), (508, 511, 512)]
)
def test_cut_whose_first_states_are_known_goes_on_from_the_last_of_them(
    sound: str, first: int, known: int, end: int
) -> None:
    spectrogram = analysed(sound)
    states = states_of(spectrogram)[..., first:end]
    got = states_of(spectrogram[..., first:end], states[..., : known - first + 1])
    assert apart(got[:, 0], states[:, 0]) < 1e-5
    torch.testing.assert_close(got[:, 1], states[:, 1], atol=1e-6, rtol=0)


def test_the_last_known_state_does_not_count_where_sound_sets_in() -> None:
    spectrogram = analysed("hits")
    onset = EXCITATION.read(spectrogram).onset[0]
    frame = 40 + int(onset[40:].any(dim=1).nonzero()[0, 0])
    known = torch.rand(1, 2, EXCITATION.n_bands, 5) * torch.tensor([1.0, 0.0])[:, None, None]
    states = states_of(spectrogram[..., frame - 4 : frame + 10], known)
    assert torch.equal(states[..., :4], known[..., :4])
    assert torch.equal(states[0, :, :, 4], known[0, :, :, 4] * ~onset[frame])
    assert onset[frame].any()


def test_other_state_gives_another_sound_until_an_onset() -> None:
    spectrogram = analysed("hits")[..., 20:120]
    state = torch.zeros(1, 2, EXCITATION.n_bands)
    one, other = excite(spectrogram, state), excite(spectrogram, state + torch.tensor([[[0.25], [0.0]]]))
    assert (one - other)[:, : 30 * HOP].abs().max() > 0.05
    assert torch.equal(one[:, 46 * HOP : -HOP], other[:, 46 * HOP : -HOP])


# --- contract


@pytest.mark.parametrize("n_frames", [1, 2, 3, 40])
def test_shapes_for_any_number_of_frames_and_a_batch(rng: np.random.Generator, n_frames: int) -> None:
    spectrogram = torch.from_numpy(rng.uniform(-1, 1, (3, 2, 128, n_frames)).astype(np.float32))
    states = states_of(spectrogram)
    assert states.shape == (3, 2, EXCITATION.n_bands, n_frames)
    assert states.dtype == torch.float32
    assert states[:, 0].min() >= 0
    assert states[:, 0].max() <= 1
    excitation = EXCITATION(EXCITATION.read(spectrogram), states[:, 0])
    assert excitation.shape == (3, 3, n_frames * HOP)
    assert excitation.dtype == torch.float32
    assert excitation.isfinite().all()


def test_batch_equals_one_at_a_time() -> None:
    spectrogram = torch.cat([analysed(sound) for sound in SOUNDS])
    one_at_a_time = torch.cat([excite(loop[None]) for loop in spectrogram])
    torch.testing.assert_close(excite(spectrogram), one_at_a_time, atol=1e-5, rtol=0)


@pytest.mark.parametrize("n_frames", [1, 100, 300])
def test_rolling_a_loop_with_onsets_rolls_its_excitation(n_frames: int) -> None:
    spectrogram = analysed("hits")
    rolled = excite(spectrogram.roll(n_frames, -1))
    torch.testing.assert_close(rolled, excite(spectrogram).roll(n_frames * HOP, -1), atol=1e-5, rtol=0)


def test_gradient_is_finite_also_in_silence() -> None:
    spectrogram = torch.cat([analysed("glides"), held({}, 512)])[..., :40].requires_grad_()
    partials = EXCITATION.read(spectrogram)
    EXCITATION(partials, EXCITATION.states(partials)[:, 0]).square().sum().backward()
    assert spectrogram.grad is not None
    assert spectrogram.grad.isfinite().all()
    assert spectrogram.grad[0, 0].any()


def test_has_nothing_to_learn_or_to_store() -> None:
    assert not EXCITATION.state_dict()
    assert not list(EXCITATION.parameters())
