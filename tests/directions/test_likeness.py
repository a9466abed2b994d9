"""How alike loops are: at one loudness, above what is not heard."""

import pytest
import torch

from directions.likeness import FAINTEST_DB, Fidelity, distance_db, distances_db, heard_db, pooled
from melgan_vocoder.format import LoopFormat, MelFormat, OneChannelFormat

FORMATS = pytest.mark.parametrize("fmt", [OneChannelFormat(), MelFormat()], ids=["one channel", "two channels"])


def mels(seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 128, 512, generator=torch.Generator().manual_seed(seed)) * 0.8 - 0.4


@FORMATS
def test_loop_that_is_louder_sounds_the_same(fmt: LoopFormat) -> None:
    louder = mels() + 12 / (20 * fmt.scale_log10)
    torch.testing.assert_close(heard_db(louder, fmt), heard_db(mels(), fmt), atol=1e-3, rtol=0)


@FORMATS
def test_levels_are_decibels_re_the_loop(fmt: LoopFormat) -> None:
    mel = torch.full((1, 128, 512), fmt.floor)
    mel[0, 5] = 0.5
    mel[0, 6] = 0.5 - 20 / (20 * fmt.scale_log10)
    heard = heard_db(mel, fmt)[0, :, 0]
    assert heard[5] == pytest.approx(0, abs=0.1)
    assert heard[6] == pytest.approx(-20, abs=0.1)
    assert FAINTEST_DB < heard[7] < FAINTEST_DB + 1


def test_silence_is_as_faint_as_can_be() -> None:
    fmt = MelFormat()
    heard = heard_db(torch.full((1, 128, 512), -50.0), fmt)
    torch.testing.assert_close(heard, torch.full_like(heard, FAINTEST_DB))


def test_distance_is_the_mean_difference_and_all_pairs_agree() -> None:
    ones, others = -40 * mels(1), -40 * mels(2)
    pairs = distances_db(ones, others)
    assert pairs.shape == (2, 2)
    torch.testing.assert_close(pairs.diag(), distance_db(ones, others), rtol=1e-4, atol=0)
    torch.testing.assert_close(distance_db(ones, ones + 3), torch.full((2,), 3.0))


def test_pooling_averages() -> None:
    level = torch.arange(8.0).reshape(1, 2, 4)
    torch.testing.assert_close(pooled(level, (2, 2)), torch.tensor([[[2.5, 4.5]]]))


@pytest.mark.parametrize(("distance_db", "share", "meaning"), [(1.2, "20%", "near: "), (1.8, "30%", "far: ")])
def test_it_is_told_in_plain_words(distance_db: float, share: str, meaning: str) -> None:
    fidelity = Fidelity(distance_db=distance_db, nearest_db=4.2, spread_db=6.0)
    assert fidelity.is_far == (meaning == "far: ")
    assert fidelity.tell().startswith(
        f"{distance_db} dB off, {share} of the way from one random loop to another (6.0 dB; the nearest random one is "
        f"4.2 dB off): {meaning}"
    )
