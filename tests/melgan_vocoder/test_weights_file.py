"""Weights files: what was written comes back, and nothing broken is taken for whole."""

import pathlib
import pickle
import re
import stat
from collections.abc import Callable

import numpy as np
import pytest
from safetensors.numpy import save_file

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import LoopFormat, MelFormat, OneChannelFormat
from melgan_vocoder.weights_file import read_header, read_tensors, write_weights

FORMAT = MelFormat(n_frames=64, n_mels=16, n_linear=4)
TENSORS = {
    "half": np.arange(6, dtype=np.float16).reshape(2, 3),
    "single": np.linspace(0, 1, 5, dtype=np.float32),
    "transposed": np.arange(12, dtype=np.float32).reshape(3, 4).T,
}


def write(path: pathlib.Path, **changes: object) -> pathlib.Path:
    arguments = {"kind": "test kind", "version": 3, "mel_format": FORMAT, "metadata": {"note": "hello"}, **changes}
    write_weights(path, TENSORS, **arguments)
    return path


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return write(tmp_path / "a.safetensors")


def test_header_round_trip_keeps_entries_shapes_and_format(path: pathlib.Path) -> None:
    header = read_header(path, kind="test kind", version=3)
    assert header.metadata["note"] == "hello"
    assert header.shapes == {name: array.shape for name, array in TENSORS.items()}
    assert header.mel_format == FORMAT
    assert (header.path, header.source) == (path, "a.safetensors")


@pytest.mark.parametrize("mel_format", [OneChannelFormat(), MelFormat()], ids=["one channel", "two channels"])
def test_format_of_each_version_comes_back(tmp_path: pathlib.Path, mel_format: LoopFormat) -> None:
    path = write(tmp_path / "a.safetensors", mel_format=mel_format)
    assert read_header(path, kind="test kind", version=3).mel_format == mel_format


def test_tensors_round_trip_keeps_bits_shapes_and_dtypes(path: pathlib.Path) -> None:
    tensors = read_tensors(read_header(path, kind="test kind", version=3))
    assert set(tensors) == set(TENSORS)
    for name, array in TENSORS.items():
        assert tensors[name].dtype == array.dtype
        assert tensors[name].shape == array.shape
        np.testing.assert_array_equal(tensors[name], array)


def test_scalar_comes_back_as_a_scalar(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.safetensors"
    scalar = {"noise_strength": np.array(7.5, np.float32)}
    write_weights(path, scalar, kind="test kind", version=3, mel_format=FORMAT, metadata={})
    assert read_header(path, kind="test kind", version=3).shapes == {"noise_strength": ()}


def test_only_the_tensors_asked_for_are_read(path: pathlib.Path) -> None:
    assert list(read_tensors(read_header(path, kind="test kind", version=3), ["single"])) == ["single"]


def test_tensor_that_is_not_there_is_named(path: pathlib.Path) -> None:
    header = read_header(path, kind="test kind", version=3)
    with pytest.raises(VocoderError, match=r"a\.safetensors: tensors \['gone', 'too'\] are missing; export"):
        read_tensors(header, ["half", "gone", "too"])


def test_writing_makes_folders_replaces_an_older_file_and_leaves_only_it_readable_by_all(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "deep" / "folder" / "a.safetensors"
    write(path)
    write(path, metadata={"note": "newer"})
    assert read_header(path, kind="test kind", version=3).metadata["note"] == "newer"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_writing_that_fails_leaves_the_older_file_whole(path: pathlib.Path) -> None:
    before = path.read_bytes()
    (path.parent / f"{path.name}.partial").mkdir()  # nothing can be written there
    with pytest.raises(OSError, match=rf"cannot be written \(.*\): '{re.escape(str(path))}'"):
        write(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "what"), [("gone.safetensors", "no such file"), (".", "is no ordinary file")])
def test_missing_file_or_folder_is_refused_with_its_path(tmp_path: pathlib.Path, name: str, what: str) -> None:
    path = tmp_path / name
    with pytest.raises(VocoderError) as caught:
        read_header(path, kind="test kind", version=3)
    assert str(caught.value) == f"{path}: {what}; a test kind file (.safetensors) is needed; check the path"


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(lambda whole: 0, id="to nothing"),
        pytest.param(lambda whole: 1, id="to a byte"),
        pytest.param(lambda whole: 7, id="within the length"),
        pytest.param(lambda whole: 8, id="after the length"),
        pytest.param(lambda whole: 50, id="within the header"),
        pytest.param(lambda whole: 8 + int.from_bytes(whole[:8], "little"), id="after the header"),
        pytest.param(lambda whole: len(whole) - 20, id="within the tensors"),
        pytest.param(lambda whole: len(whole) - 1, id="by a byte"),
    ],
)
def test_file_cut_short_is_refused_with_its_size(path: pathlib.Path, cut: Callable[[bytes], int]) -> None:
    whole = path.read_bytes()
    length = cut(whole)
    path.write_bytes(whole[:length])
    message = (
        rf"a\.safetensors: {length} bytes that are not a whole safetensors file \(.*\); .* copy or export it again"
    )
    with pytest.raises(VocoderError, match=message):
        read_header(path, kind="test kind", version=3)


@pytest.mark.parametrize(
    "content",
    [b"\x00" * 200, b"RIFF\x24\x00\x00\x00WAVE" * 20, pickle.dumps({"w": [1.0] * 50}), b"\xff" * 200, b'{"a": 1}' * 9],
    ids=["zeros", "a WAV", "a pickle", "ones", "JSON"],
)
def test_file_of_another_sort_is_refused(path: pathlib.Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(VocoderError, match=rf"{len(content)} bytes that are not a whole safetensors file"):
        read_header(path, kind="test kind", version=3)


def test_bytes_after_the_end_are_refused(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes() + b"\x00")
    with pytest.raises(VocoderError, match="not a whole safetensors file"):
        read_header(path, kind="test kind", version=3)


def test_other_kind_is_refused_with_both_names(path: pathlib.Path) -> None:
    with pytest.raises(VocoderError, match=r"a\.safetensors: holds 'test kind', a 'loopmorph model' is needed; choose"):
        read_header(path, kind="loopmorph model", version=3)


def test_plain_safetensors_without_entries_is_refused(path: pathlib.Path) -> None:
    save_file({"a": np.zeros(3, np.float32)}, path)
    with pytest.raises(VocoderError, match="holds 'no kind', a 'test kind' is needed"):
        read_header(path, kind="test kind", version=3)


@pytest.mark.parametrize(("version", "shown"), [("2", "2"), ("33", "33"), (None, "missing")])
def test_other_version_is_refused_with_both_numbers(
    path: pathlib.Path, rewrite: Callable[..., None], version: str | None, shown: str
) -> None:
    rewrite(path, metadata={"format_version": version})
    with pytest.raises(VocoderError, match=rf"a\.safetensors: format version {shown}, version 3 is needed; export"):
        read_header(path, kind="test kind", version=3)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"hop": 1}'])
def test_format_that_cannot_be_read_is_refused(
    path: pathlib.Path, rewrite: Callable[..., None], text: str | None
) -> None:
    rewrite(path, metadata={"mel_format": text})
    with pytest.raises(VocoderError, match=r"a\.safetensors: entry 'mel_format' .* needed"):
        read_header(path, kind="test kind", version=3)
