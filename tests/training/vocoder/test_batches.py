"""corpus -> cuts: the same for the same seed and step, within full scale, in order."""

import dataclasses
import threading

import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from training.batch_queue import BatchQueue
from training.errors import TrainingError
from training.vocoder.batches import BatchMaker, circular_cut, draw_gain_db, mix, resample, scale
from training.vocoder.config import BatchConfig

VARIED = BatchConfig(batch_size=3)
PLAIN = BatchConfig(batch_size=3, segment_frames=16, halo_frames=9, mix_share=0, resample_share=0, gain_db=(0, 0))


def maker(corpus: object, config: BatchConfig = VARIED, *, seed: int = 1) -> BatchMaker:
    return BatchMaker(corpus, range(4), config=config, cut_frames=40, mel_format=MelFormat(), seed=seed)


def test_batch_depends_on_seed_and_step_alone(corpus: object) -> None:
    first = maker(corpus)
    first.batch(0)
    again = maker(corpus).batch(5)
    np.testing.assert_array_equal(first.batch(5), again)
    assert not np.array_equal(maker(corpus, seed=2).batch(5), again)
    assert not np.array_equal(first.batch(6), again)


def test_batch_is_float32_within_full_scale_and_its_cuts_differ(corpus: object) -> None:
    loud = BatchConfig(batch_size=8, mix_share=1, resample_share=0.5, gain_db=(0, 30))
    batch = maker(corpus, loud).batch(0)
    assert batch.shape == (8, 40 * 375)
    assert batch.dtype == np.float32
    assert np.abs(batch).max() <= 1
    assert len({cut.tobytes() for cut in batch}) == 8


def test_plain_cut_is_a_piece_of_a_loop_of_either_polarity(corpus: object) -> None:
    signs = set()
    for cut in maker(corpus, PLAIN).batch(0):
        found = []
        for index in range(4):
            twice = np.concatenate([corpus.loop(index)] * 2)  # type: ignore[attr-defined]
            starts = np.flatnonzero(np.abs(twice[: -cut.size]) == abs(cut[0]))
            found += [
                np.sign(twice[n] / cut[0]) for n in starts if np.array_equal(abs(twice[n : n + cut.size]), abs(cut))
            ]
        assert found
        signs.add(found[0])
    assert signs <= {-1.0, 1.0}


def test_gain_stays_in_its_range(corpus: object) -> None:
    config = dataclasses.replace(PLAIN, batch_size=20, gain_db=(-40, -30))
    levels_db = 20 * np.log10(np.abs(maker(corpus, config).batch(0)).max(axis=1))
    assert -56 < levels_db.min() < levels_db.max() < -30  # loops peak between -16 and 0 dB


def test_two_seeds_draw_all_loops_that_they_may_and_no_others(corpus: object) -> None:
    drawn = []
    spy = type("Spy", (), {"loop": lambda self, index: drawn.append(index) or corpus.loop(index)})()  # type: ignore[attr-defined]
    maker(spy, dataclasses.replace(PLAIN, batch_size=40)).batch(0)
    assert set(drawn) == {0, 1, 2, 3}


@pytest.mark.parametrize("semitones", [-5, -1.3, 0, 0.7, 5])
def test_resampling_moves_pitch_and_length_alike_without_a_seam(semitones: float) -> None:
    loop = np.sin(2 * np.pi * 400 * np.arange(192_000) / 192_000).astype(np.float32)  # 400 cycles a loop
    moved = resample(loop, semitones=semitones, hop_length=375)
    assert moved.dtype == np.float32
    assert moved.size % 375 == 0
    assert semitones - 0.5 <= 12 * np.log2(192_000 / moved.size) <= semitones + 0.05
    np.testing.assert_allclose(moved, np.sin(2 * np.pi * 400 * np.arange(moved.size) / moved.size), atol=1e-4)


def test_mix_turns_the_second_loop() -> None:
    loop, other = np.zeros(4, np.float32), np.array([1, 2, 3, 4], np.float32)
    np.testing.assert_allclose(mix(loop, other, shift=1, gain_db=-20), [0.4, 0.1, 0.2, 0.3], rtol=1e-6)


def test_mix_plays_a_loop_of_another_length_at_the_first_ones() -> None:
    cycles = [np.sin(2 * np.pi * 5 * np.arange(n) / n).astype(np.float32) for n in (197, 132)]
    np.testing.assert_allclose(mix(cycles[0], cycles[1], shift=0, gain_db=0), 2 * cycles[0], atol=1e-5)


def test_batch_is_drawn_from_loops_of_any_length() -> None:
    lengths = (132_413, 192_000, 237_525, 20_001)
    loops = [np.full(n, 0.1 + 0.2 * k, np.float32) for k, n in enumerate(lengths)]
    any_length = type("AnyLength", (), {"loop": lambda self, index: loops[index]})()
    every = BatchConfig(batch_size=12, mix_share=0.5, resample_share=0.5)
    batch = maker(any_length, every).batch(0)
    assert batch.shape == (12, 40 * 375)
    assert np.isfinite(batch).all()


@pytest.mark.parametrize(
    ("start", "n", "expected"), [(1, 2, [1, 2]), (3, 3, [3, 0, 1]), (2, 9, [2, 3, 0, 1] * 2 + [2])]
)
def test_circular_cut_goes_round(start: int, n: int, expected: list[int]) -> None:
    assert circular_cut(np.arange(4), start=start, n_samples=n).tolist() == expected


def test_scale_stops_at_full_scale_and_bears_silence() -> None:
    assert scale(np.array([0.5, -0.25], np.float32), -4.0).tolist() == [-1.0, 0.5]
    assert scale(np.zeros(2, np.float32), 9.0).tolist() == [0, 0]


def test_queue_hands_out_in_order_whatever_finishes_first() -> None:
    gate = threading.Event()

    def make(step: int) -> np.ndarray:
        if step == 3:
            gate.wait(5)
        else:
            gate.set()
        return np.array([step])

    queue = BatchQueue(make, first_step=3, n_threads=2)
    assert [int(queue.take()[0]) for _ in range(5)] == [3, 4, 5, 6, 7]
    queue.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batches")]


def test_error_of_a_thread_is_raised_where_its_batch_is_taken() -> None:
    def make(step: int) -> np.ndarray:
        raise TrainingError(f"step {step}: no such loop")

    queue = BatchQueue(make, first_step=2, n_threads=1)
    with pytest.raises(TrainingError, match="step 2: no such loop"):
        queue.take()
    queue.close()


def test_corpus_without_loops_is_refused(corpus: object) -> None:
    with pytest.raises(TrainingError, match="corpus has 0 loops to train with, at least 1 is needed; build a larger"):
        BatchMaker(corpus, [], config=PLAIN, cut_frames=40, mel_format=MelFormat(), seed=0)


def test_gains_are_a_triangle_that_rises_to_the_greatest(rng: np.random.Generator) -> None:
    gains_db = [draw_gain_db(rng, (-40, 2)) for _ in range(4000)]
    assert -40 <= min(gains_db) < max(gains_db) <= 2
    assert np.mean(gains_db) == pytest.approx(-12, abs=0.5)
    assert draw_gain_db(rng, (3, 3)) == 3
