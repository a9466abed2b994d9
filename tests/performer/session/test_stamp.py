import hashlib
import pathlib

import pytest

from performer.errors import ControlError
from performer.session.stamp import ModelStamp, choose_model, read_stamps
from stylegan_audio import SHIPPED_MODELS

DRUMS, BASS = ModelStamp(name="drums", sha256="1"), ModelStamp(name="bass", sha256="2")


def test_a_stamp_is_the_name_and_the_checksum_of_the_file(tmp_path: pathlib.Path) -> None:
    path = SHIPPED_MODELS / "drums.safetensors"
    gone = tmp_path / "gone.safetensors"
    expected = ModelStamp(name="drums", sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert read_stamps([str(path), str(gone)]) == (expected, ModelStamp(name="gone", sha256=""))


def test_a_model_is_found_wherever_it_was_loaded() -> None:
    assert choose_model([DRUMS, BASS], BASS, present=0) == (1, "")


def test_another_file_of_that_name_draws_and_is_told() -> None:
    index, remark = choose_model([DRUMS, BASS], ModelStamp(name="bass", sha256="3"), present=0)
    assert index == 1
    assert "model 'bass' is another file" in remark


def test_a_model_that_is_not_loaded_leaves_the_present_one() -> None:
    index, remark = choose_model([DRUMS, BASS], ModelStamp(name="pads", sha256="3"), present=7)
    assert index == 1
    assert "model 'pads' drew this and is not loaded; 'bass' draws it instead" in remark


@pytest.mark.parametrize(
    "entry", [None, [], {"name": "a"}, {"name": "a", "sha256": 1}, {"name": "a", "sha256": "", "x": 1}]
)
def test_what_is_no_stamp_is_refused(entry: object) -> None:
    with pytest.raises(ControlError, match="a name and a sha256 are needed"):
        ModelStamp.from_entry(entry)
