"""The corpus on disk: round trip, and each way in which it can be broken."""

import copy
import json
import pathlib
import pickle
from collections.abc import Iterator

import numpy as np
import pytest

from training.corpus import MANIFEST, Corpus, CorpusLoop, shard_header, write_corpus
from training.errors import TrainingError
from training.manifest import loop_samples, split_of

RNG = np.random.default_rng(0)
AUDIO = [RNG.uniform(-1, 1, 192_000).astype(np.float32) for _ in range(5)]


def make_loops(n: int = 5) -> Iterator[CorpusLoop]:
    for number in range(n):
        split = "held_out" if number == 3 else "train"
        yield CorpusLoop(
            audio=AUDIO[number], genre="ab"[number % 2], source=f"file {number}", licence="MIT", split=split
        )


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    write_corpus(tmp_path / "corpus", make_loops(), shard_loops=2)
    return tmp_path / "corpus"


def test_loops_come_back_as_they_were(folder: pathlib.Path) -> None:
    corpus = Corpus.open(folder)
    assert len(corpus) == 5
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, *(f"shard-0000{k}.npy" for k in range(3))]
    for number, audio in enumerate(AUDIO):
        loop = corpus.loop(number)
        assert loop.dtype == np.float32
        np.testing.assert_allclose(loop, audio, atol=0.6 / 32_767)
    corpus.verify()


def test_corpus_that_was_stopped_leaves_its_folder_free(tmp_path: pathlib.Path) -> None:
    def stopped() -> Iterator[CorpusLoop]:
        yield from make_loops(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_corpus(tmp_path / "c", stopped(), shard_loops=2)
    assert list((tmp_path / "c").iterdir()) == []
    assert write_corpus(tmp_path / "c", make_loops()) == 5


def test_full_scale_is_exact_and_more_is_clipped(tmp_path: pathlib.Path) -> None:
    audio = np.zeros(192_000, np.float32)
    audio[:4] = 1, -1, 2, -2
    write_corpus(tmp_path / "c", [CorpusLoop(audio=audio, genre="a", source="s", licence="MIT")])
    np.testing.assert_array_equal(Corpus.open(tmp_path / "c").loop(0)[:5], [1, -1, 1, -1, 0])


def test_manifest_has_a_whole_line_for_each_loop(folder: pathlib.Path) -> None:
    lines = [json.loads(line) for line in (folder / MANIFEST).read_text().splitlines()]
    assert [(line["shard"], line["index"]) for line in lines[:3]] == [
        ("shard-00000.npy", 0),
        ("shard-00000.npy", 1),
        ("shard-00001.npy", 0),
    ]
    assert lines[0] == {
        "shard": "shard-00000.npy", "index": 0, "genre": "a", "source": "file 0", "licence": "MIT",
        "tempo_bpm": 120.0, "split": "train", "sha256": lines[0]["sha256"],
    }  # fmt: skip


def test_splits_and_genres_are_found(folder: pathlib.Path) -> None:
    corpus = Corpus.open(folder)
    assert corpus.split("train") == [0, 1, 2, 4]
    assert corpus.split("held_out") == [3]
    assert corpus.split("train", genre="a") == [0, 2, 4]


def test_split_by_name_holds_out_a_tenth() -> None:
    held_out = [split_of(f"file {number}.wav") == "held_out" for number in range(2000)]
    assert 0.08 < np.mean(held_out) < 0.12


def test_loop_count_is_reported(tmp_path: pathlib.Path) -> None:
    seen: list[int] = []
    assert write_corpus(tmp_path / "c", make_loops(4), shard_loops=2, advance=seen.append) == 4
    assert seen == [1, 1, 1, 1]
    assert len(list((tmp_path / "c").glob("shard-*"))) == 2


def test_folder_of_audio_files_is_told_from_a_corpus(tmp_path: pathlib.Path) -> None:
    (tmp_path / "drums").mkdir()
    (tmp_path / "drums" / "Loop.WAV").touch()
    message = (
        f"{tmp_path}: holds audio files and no manifest.jsonl, a corpus is needed; make one of them: loopmorph-train"
    )
    with pytest.raises(TrainingError, match=f"{message} corpus {tmp_path} CORPUS"):
        Corpus.open(tmp_path)


def test_shards_stay_on_disk_and_a_copy_is_opened_anew(folder: pathlib.Path) -> None:
    corpus = Corpus.open(folder)
    assert all(isinstance(shard, np.memmap) for shard in corpus.shards.values())
    assert len(pickle.dumps(corpus)) < 1000
    np.testing.assert_array_equal(copy.copy(corpus).loop(2), corpus.loop(2))


def test_header_is_as_long_for_any_count() -> None:
    assert len({len(shard_header(count)) for count in (0, 1, 512, 10**9)}) == 1


def test_run_that_was_killed_is_told(tmp_path: pathlib.Path) -> None:
    write_corpus(tmp_path / "c", make_loops(3), shard_loops=2)
    (tmp_path / "c" / MANIFEST).unlink()
    with pytest.raises(TrainingError, match=r"manifest\.jsonl: no such file, .* its run was cut before the end"):
        Corpus.open(tmp_path / "c")
    with pytest.raises(TrainingError, match="already there, an empty or new folder is needed"):
        write_corpus(tmp_path / "c", make_loops())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"audio": AUDIO[0][:-1]}, r"loop 0 \(s\): its shape is \(191999,\), \(192000,\) is needed"),
        ({"audio": np.full(192_000, np.nan, np.float32)}, "holds values that are no number"),
        ({"split": "test"}, "its split is 'test', one of train, held_out is needed"),
    ],
)
def test_loop_that_does_not_fit_is_refused(tmp_path: pathlib.Path, change: dict[str, object], message: str) -> None:
    fields = {"audio": AUDIO[0], "genre": "a", "source": "s", "licence": "MIT", **change}
    with pytest.raises(TrainingError, match=message):
        write_corpus(tmp_path / "c", [CorpusLoop(**fields)])  # type: ignore[arg-type]


def test_missing_folder_and_missing_manifest_are_told(tmp_path: pathlib.Path) -> None:
    for folder in (tmp_path / "gone", tmp_path):
        with pytest.raises(TrainingError, match=r"manifest\.jsonl: no such file, a corpus has one; check the folder"):
            Corpus.open(folder)


def test_empty_manifest_is_told(folder: pathlib.Path) -> None:
    (folder / MANIFEST).write_text("")
    with pytest.raises(TrainingError, match="is empty, a line for each loop is needed"):
        Corpus.open(folder)


@pytest.mark.parametrize(
    "line",
    ["{", "[1]", "7", "null", '{"shard": "x"}', '{"more": 1}', "\x00"],
)
def test_broken_line_is_told_by_its_number(folder: pathlib.Path, line: str) -> None:
    lines = (folder / MANIFEST).read_text().splitlines()
    (folder / MANIFEST).write_text("\n".join([lines[0], line, *lines[2:]]) + "\n")
    with pytest.raises(TrainingError, match=r"manifest\.jsonl line 2: broken .* write the corpus again"):
        Corpus.open(folder)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("index", "0", "line 1: index is '0', "),
        ("index", True, "line 1: index is True, "),
        ("genre", 3, "line 1: genre is 3, "),
        ("tempo_bpm", None, "line 1: tempo_bpm is None, "),
        ("split", "test", "line 1: split is 'test', one of train, held_out is needed"),
        ("index", 9, "shard-00000.npy: holds 2 loops, manifest.jsonl names loop 9"),
        ("index", -1, "shard-00000.npy: holds 2 loops, manifest.jsonl names loop -1"),
        ("shard", "shard-00009.npy", "shard-00009.npy: no such file, manifest.jsonl names it"),
        ("shard", "../escape.npy", "line 1: shard is '../escape.npy', the name of a file beside it is needed"),
    ],
)
def test_wrong_value_in_the_manifest_is_told(folder: pathlib.Path, field: str, value: object, message: str) -> None:
    lines = (folder / MANIFEST).read_text().splitlines()
    lines[0] = json.dumps({**json.loads(lines[0]), field: value})
    (folder / MANIFEST).write_text("\n".join(lines))
    with pytest.raises(TrainingError, match=message):
        Corpus.open(folder)


def test_missing_shard_is_told(folder: pathlib.Path) -> None:
    (folder / "shard-00001.npy").unlink()
    with pytest.raises(TrainingError, match=r"shard-00001\.npy: no such file"):
        Corpus.open(folder)


@pytest.mark.parametrize("keep", [0, 5, 100, 400_000])
def test_cut_shard_is_told(folder: pathlib.Path, keep: int) -> None:
    path = folder / "shard-00000.npy"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TrainingError, match=r"shard-00000\.npy: cannot be read .* a whole \.npy file is needed"):
        Corpus.open(folder)


@pytest.mark.parametrize(
    ("array", "got"),
    [
        (np.zeros((2, 192_000), np.float32), r"float32 \(2, 192000\)"),
        (np.zeros((2, 100), np.int16), r"int16 \(2, 100\)"),
        (np.zeros(192_000, np.int16), r"int16 \(192000,\)"),
    ],
)
def test_shard_of_another_kind_is_told(folder: pathlib.Path, array: np.ndarray, got: str) -> None:
    np.save(folder / "shard-00000.npy", array)
    with pytest.raises(TrainingError, match=rf"holds {got}, int16 \(n, 192000\) is needed"):
        Corpus.open(folder)


def test_changed_loop_is_found_by_its_sum(folder: pathlib.Path) -> None:
    path = folder / "shard-00001.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    corpus = Corpus.open(folder)
    with pytest.raises(TrainingError, match=r"shard-00001\.npy: loop 1 \(number 3\) is not the one that was written"):
        corpus.verify()


def test_unknown_split_is_refused(folder: pathlib.Path) -> None:
    with pytest.raises(TrainingError, match="split is 'test', one of train, held_out is needed; choose one"):
        Corpus.open(folder).split("test")


TEMPI = (97.0, 120.0, 174.0, 126.0)


@pytest.fixture
def mixed(tmp_path: pathlib.Path) -> pathlib.Path:
    """A corpus of loops of different tempi, the second shard of 120 BPM alone."""
    loops = [
        CorpusLoop(
            audio=np.resize(AUDIO[number], loop_samples(tempo_bpm)), genre="a", source=f"file {number}", licence="MIT",
            tempo_bpm=tempo_bpm, position_s=1.5 * number,
        )
        for number, tempo_bpm in enumerate((*TEMPI, 120.0))
    ]  # fmt: skip
    write_corpus(tmp_path / "mixed", loops, shard_loops=4)
    return tmp_path / "mixed"


def test_loops_of_different_tempi_come_back_as_they_were(mixed: pathlib.Path) -> None:
    corpus = Corpus.open(mixed)
    corpus.verify()
    assert [corpus.loop(number).size for number in range(5)] == [237_526, 192_000, 132_414, 182_857, 192_000]
    for number in range(5):
        expected = np.resize(AUDIO[number], corpus.entries[number].n_samples)
        np.testing.assert_allclose(corpus.loop(number), expected, atol=0.6 / 32_767)
        assert corpus.entries[number].position_s == 1.5 * number
    assert [shard.ndim for shard in corpus.shards.values()] == [1, 2]
    assert all(isinstance(shard, np.memmap) for shard in corpus.shards.values())


def test_tempo_of_a_length_gives_that_length_again() -> None:
    for n_samples in range(130_000, 330_000, 777):
        assert loop_samples(8 * 60 * 48_000 / n_samples) == n_samples


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": 700_000}, r"holds 744797 samples, manifest\.jsonl has loop 2 at 700000 to 832414"),
        ({"start": -1}, "has loop 2 at -1 to "),
        ({"start": None}, "loop 2 has no start in manifest.jsonl and others of the shard differ"),
        ({"start": "0"}, r"line 3: start is '0', int \| None is needed"),
        ({"position_s": -2.0}, r"line 3: position_s is -2\.0, float \| None is needed"),
        ({"tempo_bpm": 0}, "line 3: tempo_bpm is 0, float is needed"),
    ],
)
def test_wrong_place_in_a_flat_shard_is_told(mixed: pathlib.Path, change: dict[str, object], message: str) -> None:
    lines = (mixed / MANIFEST).read_text().splitlines()
    lines[2] = json.dumps({**json.loads(lines[2]), **change})
    (mixed / MANIFEST).write_text("\n".join(lines))
    with pytest.raises(TrainingError, match=message):
        Corpus.open(mixed)


def test_flat_shard_of_rows_is_told(mixed: pathlib.Path) -> None:
    np.save(mixed / "shard-00000.npy", np.zeros((4, 192_000), np.int16))
    with pytest.raises(TrainingError, match=r"holds int16 \(4, 192000\), int16 \(n,\) is needed"):
        Corpus.open(mixed)
