import json
import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from melgan_vocoder.errors import LoopmorphError
from performer.errors import PerformerError
from performer.output import wav_file
from performer.recording import rerun
from performer.recording.control_log import make_header
from performer.recording.rerun import find_renderers
from stylegan_audio import SHIPPED_MODELS
from tests.performer.conftest import FakeClock
from tests.performer.played_set import RATE, Chained, Set
from tests.performer.recording.test_recording import full_disk

DRUMS = SHIPPED_MODELS / "drums.safetensors"


@pytest.fixture
def header() -> dict[str, object]:
    return make_header([str(DRUMS)])


def test_the_models_of_a_set_are_found_in_the_crate(header: dict[str, object]) -> None:
    load = find_renderers(header, used={0, 5})  # a deck may ask for more models than are loaded: it gets the last one
    assert callable(load)


def test_a_model_of_another_file_is_refused_with_both_sums(header: dict[str, object]) -> None:
    entry = {"name": "drums", "sha256": "0123456789" * 6}
    with pytest.raises(PerformerError, match=r"model 'drums': .* has checksum \w{8}, the set was drawn with 01234567"):
        find_renderers(header | {"models": [entry]}, used={0})


def test_a_model_that_is_missing_is_named_if_it_was_used(header: dict[str, object]) -> None:
    models = [*header["models"], {"name": "moon", "sha256": ""}]  # type: ignore[misc]
    with pytest.raises(LoopmorphError, match="model 'moon' is not in the crate"):
        find_renderers(header | {"models": models}, used={0, 1})
    find_renderers(header | {"models": models}, used={0})


def test_another_vocoder_is_refused_and_another_torch_is_told(
    header: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PerformerError, match=r"another vocoder .* that of loopmorph 0\.1\.0 is needed"):
        find_renderers(header | {"vocoder": "0" * 64}, used=set())
    find_renderers(header | {"torch": "1.0"}, used=set())
    assert "drawn with torch 1.0" in capsys.readouterr().err


@pytest.fixture
def played(tmp_path: pathlib.Path, clock: FakeClock, rng: np.random.Generator) -> Iterator[Set]:
    played = Set(tmp_path, clock, rng)
    yield played
    played.close()


def test_a_set_is_rendered_to_the_same_file_and_its_stems(played: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    fake, shares = Chained(), []
    monkeypatch.setattr(rerun, "find_renderers", lambda header, used: lambda index: fake)
    played.at(0.5, "/record", 1)
    played.at(1.5, "/deck/1/seed", 9)
    played.at(2.5, "/record", 0)
    played.play(2.6)
    folder, log = played.folder / "again", played.folder / "set.jsonl"
    folder.mkdir()
    (folder / "set.wav").write_text("an older one")
    length_s = rerun.render_log(log, folder / "set.wav", stems=True, progress=shares.append)
    assert (folder / "set.wav").read_bytes() == (played.folder / "set.wav").read_bytes()
    assert length_s == pytest.approx(2.0, abs=0.6)
    assert sorted(path.name for path in folder.iterdir()) == [
        "set-deck1.wav", "set-deck2.wav", "set-deck3.wav", "set-deck4.wav", "set.wav"
    ]  # fmt: skip
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(soundfile.read(folder / "set-deck1.wav")[0]) == length_s * RATE


def test_a_render_that_fails_leaves_what_was_there(played: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Chained()
    monkeypatch.setattr(rerun, "find_renderers", lambda header, used: lambda index: fake)
    played.at(0.0, "/record", 1)
    played.play(2.0)
    log, out = played.folder / "set.jsonl", played.folder / "out.flac"
    out.write_text("an older one")
    with (
        full_disk(30_000),
        pytest.raises(PerformerError, match=r"out.flac: File too large; files in a writable folder"),
    ):
        rerun.render_log(log, out, stems=False, progress=lambda share: None)
    monkeypatch.setattr(wav_file, "MAX_BYTES", 1000)
    with pytest.raises(PerformerError, match="longer than a WAV file can be, 4 GB; a FLAC file is needed"):
        rerun.render_log(log, out.with_suffix(".wav"), stems=False, progress=lambda share: None)
    with log.open("a") as file:
        file.write('{"lost":3}\n')
    with pytest.raises(PerformerError, match="it lacks 3 lines"):
        rerun.render_log(log, out, stems=False, progress=lambda share: None)
    assert out.read_text() == "an older one"
    assert not list(played.folder.glob(".*")) + list(played.folder.glob("out.wav"))


def test_a_log_without_a_recording_is_refused_and_nothing_is_written(
    header: dict[str, object], tmp_path: pathlib.Path
) -> None:
    log, out = tmp_path / "set.jsonl", tmp_path / "again.wav"
    log.write_text(json.dumps({**header, "sample_rate": RATE, "start": 0}) + "\n")
    with pytest.raises(PerformerError, match=r"set.jsonl: it ends before the recording begins; all of its lines are"):
        rerun.render_log(log, out, stems=False, progress=lambda _: None)
    assert not out.exists()
