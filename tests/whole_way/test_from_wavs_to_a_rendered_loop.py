"""From a folder of WAVs to rendered loops of one's own model: every command that a producer gives, one after another.

::

    techno --corpus--> own corpus --gan--> run --export--> model --models add, render--> loops, like their corpus
                                                             '-----evaluate, with new techno of `synth`-----> report
"""

import collections
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from melgan_vocoder.format import MelFormat

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

KIMG = 2
"""Thousands of loops that training sees: twice what preset toy sees in its two minutes on two cores, after which half
of the loops still lie among textures; now 16 of 16 lie among their own. They are counted and not timed, so that a busy
machine takes longer and comes to the same verdict."""
PATIENCE_MINUTES = 45
N_EVALUATED = 400
"""Loops of `synth` to measure the model by: the fewest of which 40, all that `evaluate` needs, are held out."""
SEEDS = range(100, 108)
"""Loops that are rendered."""
Command = Callable[..., str]


@dataclasses.dataclass(frozen=True)
class Cut:
    """What `loopmorph-train corpus` made of some music."""

    folder: pathlib.Path
    printed: str

    @property
    def entries(self) -> list[Any]:
        """The lines of its manifest."""
        from training.corpus import Corpus

        return Corpus.open(self.folder).entries

    def left_out(self, reason: str) -> tuple[int, str]:
        """How many loops the summary counts for a reason, and which file it names."""
        row = re.search(rf"left out: {reason}\s*│\s*(\d+)\s*│ most in (.*?)\s*│", self.printed)
        assert row, f"no row for {reason} in:\n{self.printed}"
        return int(row[1]), row[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Where everything is made."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def command(place: pathlib.Path) -> Command:
    """Gives a command, with a crate of its own; returns what it printed."""
    environment = {**os.environ, "LOOPMORPH_HOME": str(place / "home"), "COLUMNS": "200"}

    def give(module: str, *words: object) -> str:
        line = [sys.executable, "-m", module, *map(str, words)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=place, env=environment)
        assert done.returncode == 0, f"{words}: status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return give


@pytest.fixture(scope="module")
def own(techno: Any, place: pathlib.Path, command: Command) -> Cut:
    printed = command("training.cli", "corpus", techno.folder, place / "own", "--licence", "CC0-1.0")
    return Cut(place / "own", printed)


@pytest.fixture(scope="module")
def other(textures: Any, place: pathlib.Path, command: Command) -> Cut:
    printed = command("training.cli", "corpus", textures.folder, place / "other", "--role", "texture")
    return Cut(place / "other", printed)


@pytest.fixture(scope="module")
def run(own: Cut, place: pathlib.Path, command: Command) -> pathlib.Path:
    options = ("--preset", "toy", "--kimg", KIMG, "--minutes", PATIENCE_MINUTES, "--device", "cpu")
    print(command("training.cli", "gan", own.folder, place / "run", *options).splitlines()[-1])
    return place / "run"


@pytest.fixture(scope="module")
def model(run: pathlib.Path, place: pathlib.Path, command: Command) -> pathlib.Path:
    path = place / "mine.safetensors"
    assert command("training.cli", "export", run, path, "--genre", "techno", "--role", "rhythm") == f"{path}\n"
    return path


@pytest.fixture(scope="module")
def rendered(model: pathlib.Path, place: pathlib.Path, command: Command) -> dict[int, np.ndarray]:
    """Two turns of each seed's loop, float64 `[n_samples, 2]`."""
    import soundfile

    command("performer.cli", "models", "add", model)
    audio = {}
    for seed in SEEDS:
        path = place / f"{seed}.wav"
        command("performer.cli", "render", path, "--model", "mine", "--seed", seed, "--loops", 2)
        audio[seed], _ = soundfile.read(path, always_2d=True)
    return audio


def test_files_of_no_use_are_named_and_counted_by_reason(own: Cut) -> None:
    print(own.printed)
    assert re.search(r"^skipped: .*broken\.wav: cannot be read \(", own.printed, re.MULTILINE)
    assert own.left_out("unreadable") == (1, "broken.wav")
    assert own.left_out("not in 4/4") == (1, "waltz.wav")
    assert own.left_out("silent") == (1, "silence.wav")
    used = {entry.source for entry in own.entries}
    assert not used & {"broken.wav", "waltz.wav", "silence.wav"}


def test_track_whose_name_tells_a_wrong_tempo_is_left_out_whole(own: Cut) -> None:
    """A name is believed before the ear: no loop cut by it would be one, none is kept, and the summary says whose."""
    assert own.left_out("off the grid") == (4, "wrong 97 bpm.wav")
    assert "wrong 97 bpm.wav" not in {entry.source for entry in own.entries}


def test_loops_have_their_tempo_and_begin_with_a_bar(own: Cut, techno: Any) -> None:
    entries = own.entries
    tempi = np.array([entry.tempo_bpm / techno.tempo_bpm[entry.source] for entry in entries])
    late_s = np.array([lateness_s(entry, techno) for entry in entries])
    right = (np.abs(tempi - 1) < 1e-4) & (np.abs(late_s) < 0.02)
    n_files = len({entry.source for entry in entries})
    print(f"{len(entries)} loops of {n_files} files, {right.sum()} of them of the right tempo and begun with a bar")
    assert len(entries) >= 55
    assert right.mean() >= 0.9


def lateness_s(entry: Any, music: Any) -> float:
    """How late after a bar of its recording a loop begins, within half a bar."""
    bar_s = 240 / music.tempo_bpm[entry.source]
    return (entry.position_s - music.first_bar_s[entry.source] + bar_s / 2) % bar_s - bar_s / 2


def test_whole_files_are_held_out_about_one_of_ten(own: Cut) -> None:
    splits = collections.defaultdict(set)
    for entry in own.entries:
        splits[entry.source].add(entry.split)
    assert all(len(found) == 1 for found in splits.values())
    n_loops = sum(entry.split == "held_out" for entry in own.entries)
    n_files = sum("held_out" in found for found in splits.values())
    assert f"{n_loops} held out, of {n_files} files" in own.printed
    assert 1 <= n_files <= 14  # of 46; more by chance once in 40 000


def test_training_takes_steps_of_finite_losses_and_draws_samples(run: pathlib.Path) -> None:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert all(np.isfinite(value) for value in numbers(lines))
    assert lines[-1]["skipped"] == 0
    assert lines[-1]["kimg"] > 0.9 * KIMG
    assert list((run / "pictures").glob("*.png"))


def test_model_says_what_it_was_made_of(model: pathlib.Path, own: Cut) -> None:
    from stylegan_audio.model_file import read_model_header

    identity = read_model_header(model).identity
    n_train = sum(entry.split == "train" for entry in own.entries)
    print(f"trained for {identity.card['minutes']} minutes: {identity.card['kimg']} kimg")
    assert (identity.name, identity.genre, identity.role) == ("mine", "techno", "rhythm")
    assert identity.card["license"] == "CC0-1.0"
    assert identity.card["corpus"].startswith(f"{len(own.entries)} loops, {n_train} of them trained with")
    assert "loops/00.wav" in identity.card["provenance"]


def test_evaluation_gives_finite_figures_and_a_picture(
    model: pathlib.Path, place: pathlib.Path, command: Command
) -> None:
    command("training.cli", "synth", "techno", place / "new", "--loops", N_EVALUATED, "--seed", 1)
    options = ("--loops", 40, "--heard", 4, "--device", "cpu", "--json", "--out", place / "report")
    report = json.loads(command("training.cli", "evaluate", model, place / "new", *options))
    assert report == json.loads((place / "report" / "report.json").read_text())
    assert (place / "report" / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert report["protocol"]["n_loops"] == 40
    assert all(np.isfinite(value) for value in numbers(report))
    for group, name in (("neighbours", "coverage"), ("bins", "js_divergence_nats"), ("rhythm_mel", "on_grid")):
        print(f"{group}.{name}: {report['figures'][group][name]}")


def numbers(found: Any) -> Iterator[float]:
    """All numbers of a JSON object."""
    if isinstance(found, dict | list):
        for part in found.values() if isinstance(found, dict) else found:
            yield from numbers(part)
    elif isinstance(found, int | float):
        yield found


def test_rendered_loops_sound_and_differ(rendered: dict[int, np.ndarray]) -> None:
    for audio in rendered.values():
        assert audio.shape == (2 * MelFormat().n_samples, 2)
        assert 0.01 < np.abs(audio).max() <= 1
    first, second, *_ = rendered.values()
    assert np.abs(first - second).max() > 0.01


def test_rendered_loops_go_round(rendered: dict[int, np.ndarray]) -> None:
    for audio in rendered.values():
        first, second = np.split(audio, 2)
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_rendered_loops_are_like_their_own_corpus(rendered: dict[int, np.ndarray], own: Cut, other: Cut) -> None:
    """In the space in which `evaluate` counts neighbours, most have more of techno than of textures near them."""
    from scipy.spatial.distance import cdist

    from training.model_evaluation.feature_space import FeatureSpace
    from training.model_evaluation.neighbours import N_NEIGHBOURS

    sets = [corpus_mels(cut) for cut in (own, other)]
    n_loops = min(map(len, sets))
    real = np.concatenate([mels[:n_loops] for mels in sets])
    is_own = np.arange(2 * n_loops) < n_loops
    drawn = coarse_mels([audio[: len(audio) // 2].mean(axis=1) for audio in rendered.values()])
    space = FeatureSpace.fit(real)
    points, places = space.project(real), space.project(drawn)
    among = cdist(points, points)
    np.fill_diagonal(among, np.inf)
    known = share_near(among, is_own, n=N_NEIGHBOURS)
    shares = share_near(cdist(places, points), is_own, n=N_NEIGHBOURS)
    print(f"real loops among their own: {((known > 0.5) == is_own).mean():.0%} of {2 * n_loops}")
    print(f"rendered loops among techno: {(shares > 0.5).sum()} of {len(shares)}; shares {shares.round(1).tolist()}")
    assert ((known > 0.5) == is_own).mean() > 0.9  # or the space would tell nothing
    assert (shares > 0.5).mean() > 0.5


def share_near(distances: np.ndarray, is_own: np.ndarray, *, n: int) -> np.ndarray:
    """Which share of each loop's `n` nearest ones is of the model's own corpus; `distances` are `[loops, all]`."""
    return is_own[np.argsort(distances, axis=1)[:, :n]].mean(axis=1)


def corpus_mels(cut: Cut) -> np.ndarray:
    """Coarse mels of a corpus's loops, float32 `[n, n_cells]`."""
    from training.corpus import Corpus

    corpus = Corpus.open(cut.folder)
    return coarse_mels([corpus.loop(number) for number in range(len(corpus))])


def coarse_mels(loops: list[np.ndarray]) -> np.ndarray:
    """Coarse mels of loops as loud as those of a corpus, float32 `[n, n_cells]`."""
    import torch

    from melgan_vocoder.spectrogram import SpectrogramTransform
    from training.model_evaluation.feature_space import pool_mel
    from training.recordings.loudness import normalise

    fmt = MelFormat()
    transform = SpectrogramTransform(fmt)
    mels = []
    for loop in loops:
        audio = torch.from_numpy(normalise(loop.astype(np.float32)))
        with torch.inference_mode():
            mels.append(transform(audio[None], n_frames=fmt.n_frames)[:, 0].numpy())
    return pool_mel(np.maximum(np.concatenate(mels), np.float32(fmt.floor)))
