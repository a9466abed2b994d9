"""Real loops in either format."""

import pathlib

import numpy as np
import pytest
import torch

from melgan_vocoder.format import MelFormat, OneChannelFormat
from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.spectrogram import SpectrogramTransform
from training.corpus import Corpus, CorpusLoop, write_corpus
from training.errors import TrainingError
from training.model_evaluation.real_loops import OneChannelSpectrograms, RealLoops

AUDIO = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 192_000)).astype(np.float32)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("loops") / "corpus"
    write_corpus(folder, (CorpusLoop(audio=a, genre="g", source=str(i), licence="MIT") for i, a in enumerate(AUDIO)))
    return Corpus.open(folder)


def test_one_channel_model_gets_spectrograms_of_version_1(corpus: Corpus) -> None:
    real = RealLoops.open(corpus, OneChannelFormat())
    (batch,) = real.batches([2, 0])
    expected = OneChannelTransform()(torch.from_numpy(AUDIO[[2, 0]])).numpy()
    assert (batch.shape, batch.dtype) == ((2, 1, 128, 512), np.float32)
    np.testing.assert_allclose(batch, expected, atol=2e-2)  # the corpus holds int16


def test_two_channel_model_gets_those_of_version_2_and_progress_is_told(corpus: Corpus) -> None:
    counts: list[int] = []
    real = RealLoops.open(corpus, MelFormat(), advance=counts.append)
    (batch,) = real.batches([1])
    expected = SpectrogramTransform(MelFormat())(torch.from_numpy(AUDIO[1:2])).numpy()
    assert batch.shape == (1, 2, 128, 512)
    np.testing.assert_allclose(batch[:, 0], expected[:, 0], atol=2e-2)
    assert sum(counts) == 3


def test_batches_are_small_and_audio_is_the_corpuss(corpus: Corpus) -> None:
    real = RealLoops.open(corpus, OneChannelFormat())
    assert [len(batch) for batch in real.batches([0, 1, 2] * 4)] == [8, 4]
    np.testing.assert_allclose(list(real.audio([1])), AUDIO[1:2], atol=1e-4)


def test_loop_of_another_tempo_has_as_many_frames() -> None:
    class Slow:
        def loop(self, i: int) -> np.ndarray:
            time_s = np.arange(230_500) / 48_000
            return (0.5 * np.sin(2 * np.pi * 1000 * time_s) * (time_s < 2.4)).astype(np.float32)

    mel = OneChannelSpectrograms(Slow(), OneChannelFormat())[0]
    assert mel.shape == (1, 128, 512)
    loud = mel[0].max(axis=0)
    assert loud[10:245].min() > 0.5
    assert loud[270:500].max() < -0.5


def test_model_of_an_odd_format_is_refused(corpus: Corpus, toy_format: MelFormat) -> None:
    with pytest.raises(TrainingError, match="version 2 of other numbers"):
        RealLoops.open(corpus, toy_format)


def test_one_channel_loops_need_no_file(corpus: Corpus) -> None:
    before = sorted(path.name for path in pathlib.Path(corpus.folder).iterdir())
    list(RealLoops.open(corpus, OneChannelFormat()).batches([0]))
    assert sorted(path.name for path in pathlib.Path(corpus.folder).iterdir()) == before
