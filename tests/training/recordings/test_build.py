"""A folder of recordings -> a corpus: what is kept, what is left out and why, and going on where a run was cut."""

import collections
import json
import os
import pathlib
import shutil
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from training.corpus import Corpus
from training.errors import TrainingError
from training.recordings import audio_file
from training.recordings import build as module
from training.recordings import journal as journal_module
from training.recordings.build import build_corpus
from training.recordings.file_loops import loops_of_file
from training.recordings.journal import JOURNAL, FileRecord
from training.recordings.settings import Settings
from training.recordings.summary import count_rejected, make_table, tell_doubtful_names

Track = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def built(recordings: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[FileRecord]]:
    out = tmp_path_factory.mktemp("out") / "corpus"
    return out, build_corpus(recordings, out, Settings(licence="CC0-1.0"))


def test_every_file_is_accounted_for(built: tuple[pathlib.Path, list[FileRecord]]) -> None:
    outcome = {record.source: (len(record.entries), set(record.rejected)) for record in built[1]}
    assert outcome == {
        "breaks.wav": (1, {"near-duplicate"}),
        "more/again.wav": (1, {"near-duplicate"}),
        "more/house.flac": (0, {"near-duplicate"}),
        "wrong 100 BPM.wav": (0, {"off the grid"}),
        "silence.wav": (0, {"silent"}),
        "clipped.wav": (0, {"clipped"}),
        "waltz.wav": (0, {"not in 4/4"}),
        "short.wav": (0, {"too short"}),
        "corrupt.wav": (0, {"unreadable"}),
    }
    assert "corrupt.wav: cannot be read" in next(record.error for record in built[1] if record.source == "corrupt.wav")
    assert count_rejected(built[1])["near-duplicate"] == 10


def test_manifest_says_where_each_loop_is_from(built: tuple[pathlib.Path, list[FileRecord]]) -> None:
    corpus = Corpus.open(built[0])
    corpus.verify()
    first, second = corpus.entries
    assert (first.source, first.genre, first.licence) == ("breaks.wav", "rhythm", "CC0-1.0")
    assert first.tempo_bpm == 97
    assert first.position_s == pytest.approx(0.313, abs=0.02)
    assert second.tempo_bpm == 126
    assert second.position_s == pytest.approx(0.2, abs=0.02)
    assert corpus.loop(0).shape == (237_526,)
    assert {entry.split for entry in corpus.entries} == {"train", "held_out"}


def test_summary_has_a_row_for_each_reason(built: tuple[pathlib.Path, list[FileRecord]]) -> None:
    table = make_table(built[1], Corpus.open(built[0]).entries, title="corpus")
    rows = dict(zip(table.columns[0].cells, table.columns[1].cells))
    assert rows["files"] == "9"
    assert rows["loops"] == "2"
    assert rows["left out: not in 4/4"] == "1"
    assert rows["tempo from file name"] == "1"


def test_files_whose_name_may_tell_a_wrong_tempo_are_named(built: tuple[pathlib.Path, list[FileRecord]]) -> None:
    told = "off the grid at the tempo in the file's name, which may be wrong: wrong 100 BPM.wav; take it out of the"
    assert tell_doubtful_names(built[1]).startswith(told)
    (wrong,) = (record for record in built[1] if record.source == "wrong 100 BPM.wav")
    assert tell_doubtful_names([record for record in built[1] if record is not wrong]) == ""
    assert "wrong 100 BPM.wav and 2 more; take" in tell_doubtful_names([wrong] * 7)


def test_second_run_does_no_work_but_for_what_could_not_be_read(
    built: tuple[pathlib.Path, list[FileRecord]],
    recordings: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut_file, cut = module.cut_file, []
    monkeypatch.setattr(
        module, "cut_file", lambda path, settings: cut.append(path.name) or cut_file(path, settings=settings)
    )
    out = shutil.copytree(built[0], tmp_path / "out")
    manifest = (out / "manifest.jsonl").read_bytes()
    seen: list[str] = []
    records = build_corpus(recordings, out, Settings(licence="CC0-1.0"), advance=seen.append)
    assert len(seen) == len(records) == 9
    assert cut == ["corrupt.wav"]
    assert (out / "manifest.jsonl").read_bytes() == manifest
    Corpus.open(out).verify()


def content(folder: pathlib.Path) -> dict[str, object]:
    """Bytes of each file; of the journal the lines, of which one may be there again."""
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {**whole, JOURNAL: set(whole[JOURNAL].splitlines())}


@pytest.mark.parametrize("cut_after", [1, 3])
def test_run_that_was_cut_goes_on_to_the_same_corpus(
    built: tuple[pathlib.Path, list[FileRecord]],
    recordings: pathlib.Path,
    tmp_path: pathlib.Path,
    cut_after: int,
) -> None:
    files = tmp_path / "files"
    (files / "more").mkdir(parents=True)
    for name in ("breaks.wav", "corrupt.wav", "more/again.wav", "more/house.flac"):
        shutil.copy(recordings / name, files / name)

    count = 0

    def stop(error: str) -> None:
        nonlocal count
        count += 1
        if count == cut_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_corpus(files, tmp_path / "cut", Settings(), advance=stop)
    with pytest.raises(TrainingError, match="its run was cut"):
        Corpus.open(tmp_path / "cut")
    partial = tmp_path / "cut" / "shard-00000.npy.partial"
    partial.write_bytes(partial.read_bytes() + b"half a loop")
    with (tmp_path / "cut" / "recordings.jsonl").open("a") as journal:
        journal.write('{"source": "half a li')
    records = build_corpus(files, tmp_path / "cut", Settings())
    assert len(records) == 4
    build_corpus(files, tmp_path / "whole", Settings())
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_new_files_are_added_to_a_corpus(recordings: pathlib.Path, tmp_path: pathlib.Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    shutil.copy(recordings / "breaks.wav", files)
    build_corpus(files, tmp_path / "out", Settings())
    shutil.copy(recordings / "more" / "house.flac", files)
    build_corpus(files, tmp_path / "out", Settings())
    corpus = Corpus.open(tmp_path / "out")
    corpus.verify()
    assert [entry.shard for entry in corpus.entries] == ["shard-00000.npy", "shard-00001.npy"]


def test_a_file_that_could_not_be_read_is_read_once_it_is_mended(
    recordings: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    files, told = tmp_path / "files", []
    files.mkdir()
    shutil.copy(recordings / "breaks.wav", files)
    shutil.copy(recordings / "corrupt.wav", files / "house.flac")
    build_corpus(files, tmp_path / "out", Settings())
    shutil.copy(recordings / "more" / "house.flac", files)
    records = build_corpus(files, tmp_path / "out", Settings(), advance=told.append)
    assert [record.source for record in records if record.entries] == ["breaks.wav", "house.flac"]
    assert told == ["", ""]
    Corpus.open(tmp_path / "out").verify()


def test_a_name_in_another_encoding_than_utf_8_is_read_and_shown(
    recordings: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name, source in ((b"caf\xe9.wav", "breaks.wav"), (b"na\xefve.wav", "corrupt.wav")):
        shutil.copy(recordings / source, os.fsdecode(os.fsencode(files) + b"/" + name))
    records = build_corpus(files, tmp_path / "out", Settings())
    assert [(record.source, len(record.entries)) for record in records] == [("caf\\xe9.wav", 1), ("na\\xefve.wav", 0)]
    assert records[1].error.startswith(f"{files}/na\\xefve.wav: cannot be read (")
    assert Corpus.open(tmp_path / "out").entries[0].source == "caf\\xe9.wav"


@pytest.mark.slow
def test_two_processes_make_the_same_corpus(
    built: tuple[pathlib.Path, list[FileRecord]], recordings: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    build_corpus(recordings, tmp_path / "two", Settings(licence="CC0-1.0"), processes=2)
    assert content(tmp_path / "two") == content(built[0])


def test_given_tempo_comes_before_name_and_length(recordings: pathlib.Path, tmp_path: pathlib.Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    shutil.copy(recordings / "wrong 100 BPM.wav", files)
    (record,) = build_corpus(files, tmp_path / "out", Settings(tempo_bpm=126))
    assert record.tempo_source == "--bpm"
    assert [entry.tempo_bpm for entry in record.entries] == [126]


def test_texture_needs_no_beat(tmp_path: pathlib.Path) -> None:
    (tmp_path / "files").mkdir()
    rng = np.random.default_rng(0)
    rain = 0.1 * rng.standard_normal((44_100 * 9, 2))
    soundfile.write(tmp_path / "files" / "rain.ogg", rain, 44_100)
    (record,) = build_corpus(tmp_path / "files", tmp_path / "out", Settings(role="texture"))
    assert [entry.n_samples for entry in record.entries] == [192_000] * len(record.entries)
    assert record.entries
    assert record.tempo_source == ""


def test_quiet_recording_gives_the_loops_of_a_loud_one(track: Track, tmp_path: pathlib.Path) -> None:
    audio = track("house", 9, tempo_bpm=126, offset_s=0.2)
    for name, level in (("loud.wav", 1.0), ("quiet.wav", 0.02)):
        soundfile.write(tmp_path / name, level * audio, 48_000, subtype="PCM_24")
    loud, quiet = (loops_of_file(tmp_path / name, Settings()) for name in ("loud.wav", "quiet.wav"))
    assert [loop.position_s for loop in quiet.loops] == [loop.position_s for loop in loud.loops] != []
    assert quiet.rejected == loud.rejected


@pytest.mark.parametrize("seed", [0, 1])  # libsndfile takes the second for MP3 and then says that it does not exist
def test_noise_under_the_name_of_a_wav_is_told(tmp_path: pathlib.Path, seed: int) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(np.random.default_rng(seed).bytes(100_000))
    error = loops_of_file(path, Settings()).error
    assert error.startswith(f"{path}: cannot be read (")
    assert error.count("broken.wav") == 1
    assert "not exist" not in error


def test_a_tenth_of_the_files_is_held_out_whole() -> None:
    splits = collections.Counter()
    for number in range(2000):
        digest = f"{np.random.default_rng(number).integers(2**32):08x}"
        splits[module.split_of_file(digest)] += 1
    assert 0.08 < splits["held_out"] / 2000 < 0.12


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda out: (out / "x").write_text("mine"), "already there and holds no recordings.jsonl, an empty or new"),
        (
            lambda out: (out / "recordings.jsonl").write_text(
                '{"role": "pad", "tempo_bpm": 87.5, "licence": "unknown"}\n'
            ),
            r"was begun with --role pad, --bpm 87\.5 where --role rhythm, no --bpm is asked for; ask for the same or",
        ),
        (
            lambda out: (out / "recordings.jsonl").write_text(
                '{"role": "rhythm", "tempo_bpm": null, "licence": "MIT"}\n'
            ),
            "was begun with --licence MIT where --licence unknown is asked for; ask for the same or",
        ),
        (
            lambda out: (out / "recordings.jsonl").write_text(
                '{"role": "rhythm", "tempo_bpm": null, "licence": "unknown", "key": "A"}\n'
            ),
            "was begun by another version; ask for the same or",
        ),
        (lambda out: (out / "recordings.jsonl").write_text("?"), r"recordings\.jsonl: its first line is broken, what"),
        (
            lambda out: (out / "recordings.jsonl").write_text(
                '{"role": "rhythm", "tempo_bpm": null, "licence": "unknown"}\n{}\n'
            ),
            r"recordings\.jsonl line 2: broken .* delete the folder and begin again",
        ),
    ],
)
def test_folder_of_another_run_is_refused(
    recordings: pathlib.Path, tmp_path: pathlib.Path, prepare: object, message: str
) -> None:
    prepare(tmp_path)  # type: ignore[operator]
    with pytest.raises(TrainingError, match=message):
        build_corpus(recordings, tmp_path, Settings())


def test_lost_shard_is_told(recordings: pathlib.Path, tmp_path: pathlib.Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    shutil.copy(recordings / "breaks.wav", files)
    build_corpus(files, tmp_path / "out", Settings())
    (tmp_path / "out" / "shard-00000.npy").unlink()
    with pytest.raises(TrainingError, match=r"shard-00000\.npy\.partial: missing or shorter than 475180 bytes"):
        build_corpus(files, tmp_path / "out", Settings())


def test_folder_that_gives_nothing_is_told(recordings: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(TrainingError, match="no such folder, a folder of audio files is needed"):
        build_corpus(tmp_path / "gone", tmp_path / "out", Settings())
    files = tmp_path / "files"
    files.mkdir()
    with pytest.raises(TrainingError, match="holds no audio file, at least one"):
        build_corpus(files, tmp_path / "out", Settings())
    shutil.copy(recordings / "silence.wav", files)
    soundfile.write(files / "nothing.wav", np.zeros(0), 48_000)
    with pytest.raises(
        TrainingError, match=r"2 audio files gave no loop \(silent, unreadable\), at least one is needed"
    ):
        build_corpus(files, tmp_path / "out", Settings())


def test_journal_has_a_line_for_each_file(built: tuple[pathlib.Path, list[FileRecord]]) -> None:
    lines = [json.loads(line) for line in (built[0] / "recordings.jsonl").read_text().splitlines()]
    assert lines[0] == {"role": "rhythm", "tempo_bpm": None, "licence": "CC0-1.0"}
    assert [line["source"] for line in lines[1:]] == [record.source for record in built[1]]


def test_full_shard_is_followed_by_another(
    recordings: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "SHARD_SAMPLES", 100_000)
    files = tmp_path / "files"
    files.mkdir()
    for name in ("breaks.wav", "more/house.flac"):
        shutil.copy(recordings / name, files)
    build_corpus(files, tmp_path / "out", Settings())
    corpus = Corpus.open(tmp_path / "out")
    corpus.verify()
    assert [(entry.shard, entry.start) for entry in corpus.entries] == [("shard-00000.npy", 0), ("shard-00001.npy", 0)]
    assert not list((tmp_path / "out").glob("*.partial"))


def test_long_file_is_cut_part_by_part(
    recordings: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_file, "PART_S", 10.0)
    result = loops_of_file(recordings / "breaks.wav", Settings())
    positions_s = [loop.position_s for loop in result.loops]
    assert len(positions_s) == 2
    bars = (np.array(positions_s) - 0.313) / (240 / 97)
    np.testing.assert_allclose(bars, np.round(bars), atol=0.01)
    assert positions_s[-1] > 10
