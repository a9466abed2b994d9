import json
import pathlib

import pytest

from performer.errors import PerformerError
from performer.recording.control_log import make_header, read_entries, read_header, require_fields, survey
from stylegan_audio import SHIPPED_MODELS


def test_the_header_names_what_draws(tmp_path: pathlib.Path) -> None:
    header = make_header([str(SHIPPED_MODELS / "drums.safetensors")])
    (model,) = header["models"]
    assert (model["name"], len(model["sha256"]), len(header["vocoder"])) == ("drums", 64, 64)
    log = tmp_path / "set.jsonl"
    log.write_text(json.dumps(header))
    assert read_header(log) == header


@pytest.mark.parametrize("text", ["", "RIFF\0\0", "[]", '{"kind": "loopmorph session"}', "[" * 100_000])
def test_another_file_is_no_log(tmp_path: pathlib.Path, text: str) -> None:
    log = tmp_path / "set.jsonl"
    log.write_text(text)
    with pytest.raises(PerformerError, match=r"set.jsonl: not a control log; the .jsonl file beside a recording"):
        read_header(log)
    with pytest.raises(PerformerError, match=r"none.jsonl: No such file or directory; a control log is needed"):
        read_header(tmp_path / "none.jsonl")


def test_a_log_of_another_version_is_refused_with_the_version_that_reads_it(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "set.jsonl"
    log.write_text(json.dumps({"kind": "loopmorph control log", "version": 9, "loopmorph": "3.1"}))
    with pytest.raises(PerformerError, match=r"version 9 of the control log, version 1 is needed; .* loopmorph 3\.1"):
        read_header(log)


def test_a_log_is_surveyed(tmp_path: pathlib.Path) -> None:
    log = tmp_path / "set.jsonl"
    entries = [{"worker": [0] * 4}, {"to": {"model": 2, "seed": 3}}, {"end": 10}, {"to": {"seed": 1}}, {"lost": 3},
               {"end": 20}]  # fmt: skip
    log.write_text("\n".join(map(json.dumps, [{"kind": "x"}, *entries])) + '\n{"end": 3')
    found = survey(log)
    assert (found.end, found.models, found.lost) == (20, {2}, 3)
    assert list(read_entries(log)) == entries


@pytest.mark.parametrize("wrong", [{"models": []}, {"models": "drums"}, {"sample_rate": 0}, {"start": None}])
def test_a_first_line_that_no_recording_wrote_is_refused(tmp_path: pathlib.Path, wrong: dict[str, object]) -> None:
    log = tmp_path / "set.jsonl"
    header = {**make_header([str(SHIPPED_MODELS / "drums.safetensors")]), "sample_rate": 48_000, "start": 0}
    require_fields(log, header)
    (name,) = wrong
    with pytest.raises(
        PerformerError, match=rf"set.jsonl: its first line has {name} .*; the log as it was recorded is"
    ):
        require_fields(log, {**header, **wrong})


@pytest.mark.parametrize("line", [{"end": "soon"}, {"to": {"model": None}}, {"to": 5}, {"lost": []}])
def test_a_line_that_no_recording_wrote_is_named(tmp_path: pathlib.Path, line: dict[str, object]) -> None:
    log = tmp_path / "set.jsonl"
    log.write_text("\n".join(map(json.dumps, [{"kind": "x"}, {"end": 10}, line])))
    with pytest.raises(PerformerError, match=r"entry 2 of the log cannot be obeyed \((TypeError|ValueError|Attr)"):
        survey(log)
