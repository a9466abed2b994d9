"""corpus -> spectrograms: computed once, resumed when cut, made anew for another corpus or format."""

import json
import pathlib
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import SpectrogramTransform
from training import spectrograms as module
from training.corpus import Corpus, CorpusLoop, write_corpus
from training.errors import TrainingError
from training.spectrograms import map_spectrograms, open_spectrograms


def write(folder: pathlib.Path, *, pitches: tuple[int, ...] = (3, 5, 7), n_samples: int = 192_000) -> Corpus:
    angle = 2 * np.pi * np.arange(n_samples) / n_samples
    write_corpus(
        folder,
        (
            CorpusLoop(
                audio=(0.5 * np.sin(100 * k * angle)).astype(np.float32), genre="g", source=f"s{k}", licence="MIT"
            )
            for k in pitches
        ),
    )
    return Corpus.open(folder)


@pytest.fixture
def corpus(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setattr(module, "SHARD_LOOPS", 2)
    return write(tmp_path / "corpus")


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the loops that are analysed."""
    numbers: list[int] = []
    plain: Callable[..., np.ndarray] = module.analyse

    def spy(*args: object, number: int, **kwargs: object) -> np.ndarray:
        numbers.append(number)
        return plain(*args, number=number, **kwargs)

    monkeypatch.setattr(module, "analyse", spy)
    return numbers


def test_each_loop_is_what_the_transform_makes_of_it(corpus: Corpus) -> None:
    spectrograms = open_spectrograms(corpus)
    assert len(spectrograms) == 3
    transform = SpectrogramTransform(MelFormat())
    for number in range(3):
        assert spectrograms[number].dtype == np.float16
        assert spectrograms[number].shape == (2, 128, 512)
        expected = transform(torch.from_numpy(corpus.loop(number))[None], n_frames=512)[0]
        np.testing.assert_allclose(spectrograms[number], expected, atol=1e-3)
    np.testing.assert_array_equal(spectrograms[-1], spectrograms[2])
    for number in (3, -4):
        with pytest.raises(IndexError, match=f"spectrogram {number} of 3"):
            spectrograms[number]


def test_frames_are_spread_over_a_loop_of_any_length(tmp_path: pathlib.Path) -> None:
    n_samples = 132_414  # 174 BPM
    audio = np.zeros(n_samples, np.float32)
    audio[n_samples // 2 : n_samples // 2 + 400] = 0.5
    loop = CorpusLoop(audio=audio, genre="g", source="s", licence="MIT", tempo_bpm=174.0)
    write_corpus(tmp_path / "c", [loop])
    mel = open_spectrograms(Corpus.open(tmp_path / "c"))[0][0]
    assert mel.shape == (128, 512)
    assert abs(int(mel[60:].sum(axis=0).argmax()) - 256) <= 2


def test_second_opening_computes_nothing_and_stays_on_disk(corpus: Corpus, analysed: list[int]) -> None:
    seen: list[int] = []
    open_spectrograms(corpus, advance=seen.append)
    assert analysed == [0, 1, 2]
    assert seen == [1, 1, 1]
    again = open_spectrograms(corpus, advance=seen.append)
    assert analysed == [0, 1, 2]
    assert seen[3:] == [2, 1]
    assert all(isinstance(shard, np.memmap) for shard in again.shards)
    sent = pickle.dumps(again)
    assert len(sent) < 1000
    np.testing.assert_array_equal(pickle.loads(sent)[1], again[1])  # noqa: S301


def test_run_that_was_cut_goes_on_with_the_next_shard(corpus: Corpus, analysed: list[int]) -> None:
    def stop(count: int) -> None:
        if len(analysed) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_spectrograms(corpus, advance=stop)
    open_spectrograms(corpus)
    assert analysed == [0, 1, 2, 2]
    assert not list(corpus.folder.glob("*.partial"))


@pytest.mark.parametrize("keep", [0, 60, 100_000])
def test_broken_shard_is_computed_again(corpus: Corpus, analysed: list[int], keep: int) -> None:
    first = open_spectrograms(corpus)[0]
    path = corpus.folder / "spectrograms-00000.npy"
    content = path.read_bytes()
    path.write_bytes(content[:keep])
    np.testing.assert_array_equal(open_spectrograms(corpus)[0], first)
    assert analysed == [0, 1, 2, 0, 1]


def test_another_corpus_in_the_same_folder_is_analysed_anew(corpus: Corpus, analysed: list[int]) -> None:
    before = open_spectrograms(corpus)[1]
    for path in [*corpus.folder.glob("shard-*"), corpus.folder / "manifest.jsonl"]:
        path.rename(path.with_name(f"old-{path.name}"))
    other = write(corpus.folder.parent / "other", pitches=(3, 9))
    for path in other.folder.iterdir():
        path.rename(corpus.folder / path.name)
    changed = Corpus.open(corpus.folder)
    spectrograms = open_spectrograms(changed)
    assert len(spectrograms) == 2
    assert not np.array_equal(spectrograms[1], before)
    assert not (corpus.folder / "spectrograms-00001.npy").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mel_format": {"version": 1}}'])
def test_another_format_or_a_broken_description_is_replaced(corpus: Corpus, analysed: list[int], text: str) -> None:
    open_spectrograms(corpus)
    (corpus.folder / "spectrograms.json").write_text(text)
    open_spectrograms(corpus)
    assert analysed == [0, 1, 2] * 2
    description = json.loads((corpus.folder / "spectrograms.json").read_text())
    assert description["n_loops"] == 3
    assert description["mel_format"]["n_mels"] == 128


def test_loop_shorter_than_a_window_is_told() -> None:
    with pytest.raises(TrainingError, match="loop 4: has 100 samples, at least 5120 are needed; leave it out"):
        module.analyse(SpectrogramTransform(MelFormat()), np.zeros(100, np.float32), number=4, device="cpu")


def test_missing_shard_is_told_where_nothing_is_computed(corpus: Corpus) -> None:
    open_spectrograms(corpus)
    (corpus.folder / "spectrograms-00001.npy").unlink()
    with pytest.raises(TrainingError, match=r"spectrograms-00001\.npy: missing or broken, float16 \(1, 2, 128, 512\)"):
        map_spectrograms(corpus.folder, 3)
