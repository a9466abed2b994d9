"""Batches of loops through a vocoder."""

from collections.abc import Callable

import numpy as np
import pytest

from training.errors import TrainingError
from training.vocoder_evaluation.resynthesis import resynthesise_all


def test_batches_are_of_eight_and_keep_their_order(rng: np.random.Generator) -> None:
    loops = rng.standard_normal((19, 30)).astype(np.float32)
    seen: list[tuple[int, ...]] = []
    done: list[int] = []

    def negate(audio: np.ndarray) -> np.ndarray:
        seen.append(audio.shape)
        assert audio.dtype == np.float32
        audio *= -1  # a vocoder that works in place
        return audio.astype(float)

    original = loops.copy()
    result = resynthesise_all(negate, loops, advance=done.append)
    assert seen == [(8, 30), (8, 30), (3, 30)]
    assert done == [8, 8, 3]
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, -original)
    np.testing.assert_array_equal(loops, original)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda audio: audio[:, :-1], r"gave shape \(2, 29\), \(2, 30\) is needed; return one loop"),
        (lambda audio: audio[0], r"gave shape \(30,\), \(2, 30\) is needed"),
        (lambda audio: np.where(np.arange(30) < 2, np.nan, audio), "gave 4 samples that are not numbers"),
        (lambda audio: audio * np.float32(np.inf), "finite audio is needed; check"),
    ],
)
def test_what_is_no_audio_is_refused(
    broken: Callable[[np.ndarray], np.ndarray], message: str, ignore: Callable[[int], None]
) -> None:
    with pytest.raises(TrainingError, match=message):
        resynthesise_all(broken, np.ones((2, 30), np.float32), advance=ignore)
