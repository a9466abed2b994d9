"""The crate: the models that come with the instrument, and those that its owner added."""

import contextlib
import os
import pathlib
import shutil

import click

from melgan_vocoder.errors import LoopmorphError
from performer.errors import PerformerError
from stylegan_audio import SHIPPED_MODELS, ModelHeader, read_model_header

SUFFIX = ".safetensors"


def home_folder() -> pathlib.Path:
    """Name the owner's folder: `LOOPMORPH_HOME`, or the system's place for application data."""
    return pathlib.Path(os.environ.get("LOOPMORPH_HOME") or click.get_app_dir("loopmorph"))


def crate_folders() -> tuple[pathlib.Path, pathlib.Path]:
    """Folders of the added and of the shipped models.

    Returns
    -------
    tuple of pathlib.Path
        In the owner's folder, and in the package.
    """
    return home_folder() / "models", SHIPPED_MODELS


def list_models() -> tuple[list[ModelHeader], list[str]]:
    """Read the headers of all models in the crate.

    Returns
    -------
    tuple of list of ModelHeader and list of str
        Added ones first (an added model hides a shipped one of the same name), and a line for each file that cannot
        be read.
    """
    headers: dict[str, ModelHeader] = {}
    problems = []
    for folder in crate_folders():
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                header = read_model_header(path)
            except LoopmorphError as error:
                problems.append(str(error))
            else:
                headers.setdefault(header.name, header)
    return list(headers.values()), problems


def find_model(name: str) -> ModelHeader:
    """Find a model by its name in the crate, or by the path of its file.

    Raises
    ------
    LoopmorphError
        If there is no such model, or its file cannot be read.
    """
    if name.endswith(SUFFIX) or os.sep in name:
        return read_model_header(pathlib.Path(name))
    for folder in crate_folders():
        path = folder / f"{name}{SUFFIX}"
        if path.is_file():
            return read_model_header(path)
    known = ", ".join(sorted({path.stem for folder in crate_folders() for path in folder.glob(f"*{SUFFIX}")}))
    raise PerformerError(
        f"model {name!r} is not in the crate; known are {known}; choose one of them or give the path of a {SUFFIX} file"
    )


def add_model(path: pathlib.Path) -> ModelHeader:
    """Copy a model file into the crate.

    Parameters
    ----------
    path : pathlib.Path
        A model file.

    Returns
    -------
    ModelHeader
        Of the copy.

    Raises
    ------
    LoopmorphError
        If the file is not a model that plays here, or the crate has one of that name.
    """
    from melgan_vocoder.vocoder_file import load_vocoder  # noqa: PLC0415 - torch, for this check alone
    from performer.generation.renderer import LoopRenderer  # noqa: PLC0415

    header = read_model_header(path)
    LoopRenderer(header, load_vocoder())  # reads the tensors and the directions
    added, _ = crate_folders()
    target = added / f"{header.name}{SUFFIX}"
    if target.exists():
        raise PerformerError(f"the crate has a model {header.name!r} already: {target}; move that file away first")
    partial = target.with_suffix(".partial")
    try:
        added.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, partial)
        partial.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise PerformerError(
            f"{target}: {error.strerror}; a writable folder with room is needed; name one with LOOPMORPH_HOME"
        ) from error
    return read_model_header(target)
