"""Safetensors files with a described header: read, checked and written without torch."""

import contextlib
import dataclasses
import errno
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import LoopFormat, read_format


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeightsHeader:
    """What a weights file says about itself, before any tensor is read."""

    path: pathlib.Path
    """Where the file lies."""
    metadata: Mapping[str, str]
    """The text entries of the file."""
    shapes: Mapping[str, tuple[int, ...]]
    """Shape of each tensor by its name."""
    mel_format: LoopFormat
    """The spectrogram format of the network inside."""

    @property
    def source(self) -> str:
        """The file's name, for messages."""
        return self.path.name


def read_header(path: pathlib.Path, *, kind: str, version: int) -> WeightsHeader:
    """Read and check the header of a weights file.

    Parameters
    ----------
    path : pathlib.Path
        A `.safetensors` file.
    kind : str
        What the file must hold: `"loopmorph model"` or `"loopmorph vocoder"`.
    version : int
        The format version that is understood.

    Returns
    -------
    WeightsHeader
        Metadata, tensor shapes and MelFormat (not yet compared with anything).

    Raises
    ------
    VocoderError
        If the file is missing, cut short, no safetensors file, of another kind or of another version.
    """
    if path.exists() and not path.is_file():
        raise VocoderError(f"{path}: is no ordinary file; a {kind} file (.safetensors) is needed; check the path")
    if not path.is_file():
        raise VocoderError(f"{path}: no such file; a {kind} file (.safetensors) is needed; check the path")
    try:
        with safe_open(path, framework="np") as file:
            metadata = dict(file.metadata() or {})
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise VocoderError(
            f"{path}: {path.stat().st_size} bytes that are not a whole safetensors file ({error}); a {kind} file is "
            "needed; copy or export it again"
        ) from error
    got = metadata.get("kind", "no kind")
    if got != kind:
        raise VocoderError(f"{path.name}: holds {got!r}, a {kind!r} is needed; choose another file or export it again")
    if metadata.get("format_version") != str(version):
        raise VocoderError(
            f"{path.name}: format version {metadata.get('format_version', 'missing')}, version {version} is needed; "
            "export it again with this version of loopmorph"
        )
    mel_format = read_format(metadata.get("mel_format"), source=path.name)
    return WeightsHeader(path=path, metadata=metadata, shapes=shapes, mel_format=mel_format)


def read_tensors(header: WeightsHeader, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Read tensors of a checked file.

    Parameters
    ----------
    header : WeightsHeader
        What `read_header` returned.
    names : iterable of str, optional
        Which tensors; all by default.

    Returns
    -------
    dict of str to np.ndarray
        The tensors by name, in the file's dtypes.

    Raises
    ------
    VocoderError
        If a tensor is missing, of a dtype that numpy lacks, or not finite.
    """
    wanted = list(header.shapes) if names is None else list(names)
    missing = [name for name in wanted if name not in header.shapes]
    if missing:
        raise VocoderError(f"{header.source}: tensors {missing[:3]} are missing; export the file again")
    try:
        with safe_open(header.path, framework="np") as file:
            tensors = {name: file.get_tensor(name) for name in wanted}
    except (SafetensorError, OSError, TypeError, AttributeError) as error:  # the last two: dtypes that numpy lacks
        raise VocoderError(
            f"{header.source}: its tensors cannot be read ({error}); float16 or float32 is needed; export it again"
        ) from error
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise VocoderError(f"{header.source}: tensor {name} holds NaN or infinity; export the file again")
    return tensors


def write_weights(
    path: pathlib.Path,
    tensors: Mapping[str, np.ndarray],
    *,
    kind: str,
    version: int,
    mel_format: LoopFormat,
    metadata: Mapping[str, str],
) -> None:
    """Write a weights file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; an older file there is replaced once the new one is complete.
    tensors : mapping of str to np.ndarray
        What it holds.
    kind, version
        As in `read_header`.
    mel_format : LoopFormat
        The spectrogram format of the network.
    metadata : mapping of str to str
        Further entries.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = {**metadata, "kind": kind, "format_version": str(version), "mel_format": mel_format.to_json()}
    with written_whole(path) as partial:
        save_file({name: np.asarray(array, order="C") for name, array in tensors.items()}, partial, metadata=entries)
        partial.chmod(0o644)  # safetensors writes for the owner alone; shipped models are for everybody


@contextlib.contextmanager
def written_whole(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Write a safetensors file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes; an older file there is replaced once the new one is complete.

    Yields
    ------
    pathlib.Path
        What to write meanwhile.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written: safetensors says so with an error of its own.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
    except SafetensorError as error:
        raise OSError(errno.EIO, f"cannot be written ({error})", str(path)) from error
    with partial.open("rb") as file:
        os.fsync(file.fileno())  # or a power cut could leave the new name on an empty file
    partial.replace(path)
