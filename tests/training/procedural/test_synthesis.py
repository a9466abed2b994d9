"""Drawing a corpus: shares, splits, and the same loops for any number of processes."""

import pathlib

import numpy as np
import pytest

from training.corpus import Corpus
from training.errors import TrainingError
from training.procedural import OneShots, draw_loop, synthesise


def test_genres_have_equal_shares_and_a_tenth_is_held_out(tmp_path: pathlib.Path) -> None:
    seen: list[int] = []
    count = synthesise(["techno", "tones"], tmp_path / "c", n_loops=40, seed=3, advance=seen.append)
    corpus = Corpus.open(tmp_path / "c")
    corpus.verify()
    assert count == len(corpus) == sum(seen) == 40
    assert [entry.genre for entry in corpus.entries] == ["techno", "tones"] * 20
    assert len(corpus.split("held_out")) == 4
    assert {entry.licence for entry in corpus.entries} == {"CC0-1.0"}


def test_manifest_says_how_to_draw_a_loop_again(tmp_path: pathlib.Path) -> None:
    synthesise(["techno"], tmp_path / "c", n_loops=2, seed=3)
    corpus = Corpus.open(tmp_path / "c")
    number = int(corpus.entries[1].source.removeprefix("seed "))
    np.testing.assert_allclose(corpus.loop(1), draw_loop("techno", number), atol=1 / 32_767)


def test_seeds_share_no_loop(tmp_path: pathlib.Path) -> None:
    for seed in (0, 1):
        synthesise(["tones"], tmp_path / str(seed), n_loops=20, seed=seed)
    sums = [{entry.sha256 for entry in Corpus.open(tmp_path / str(seed)).entries} for seed in (0, 1)]
    assert not sums[0] & sums[1]


def test_two_processes_draw_what_one_draws(tmp_path: pathlib.Path) -> None:
    hit = np.linspace(1, 0, 3000, dtype=np.float32)
    one_shots = OneShots(sounds={"kick": [hit], "clap": [hit]})
    for processes in (1, 2):
        synthesise(
            ["house"], tmp_path / str(processes), n_loops=12, one_shots=one_shots, processes=processes, licence="MIT"
        )
    first, second = Corpus.open(tmp_path / "1"), Corpus.open(tmp_path / "2")
    assert first.entries == second.entries
    assert first.entries[0].licence == "MIT"
    assert "with one-shots" in first.entries[0].source


@pytest.mark.parametrize(
    ("genres", "numbers", "message"),
    [
        ([], {}, "genre is none, one of techno, "),
        (["techno", "polka"], {}, "genre is 'polka', one of techno, "),
        (["techno"], {"n_loops": 0}, "n_loops is 0, it must be at least 1; raise it"),
        (["techno"], {"seed": -1}, "seed is -1, it must be at least 0; raise it"),
        (["techno"], {"processes": 0}, "processes is 0, it must be at least 1; raise it"),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: pathlib.Path, genres: list[str], numbers: dict[str, int], message: str
) -> None:
    with pytest.raises(TrainingError, match=message):
        synthesise(genres, tmp_path / "c", **{"n_loops": 5, **numbers})
    assert not (tmp_path / "c").exists()
