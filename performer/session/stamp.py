"""Which model a loop was drawn by: its name, and a checksum of its file."""

import contextlib
import dataclasses
import hashlib
import pathlib
from collections.abc import Sequence

from melgan_vocoder.errors import LoopmorphError
from performer.errors import ControlError
from stylegan_audio.model_file import read_model_header


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelStamp:
    """One model file."""

    name: str
    """The model's short name."""
    sha256: str
    """Of the file, in hexadecimal digits."""

    @classmethod
    def from_entry(cls, entry: object) -> "ModelStamp":
        """Read what `dataclasses.asdict` made and JSON kept.

        Raises
        ------
        ControlError
            If it is something else.
        """
        texts = entry if isinstance(entry, dict) else {}
        name, sha256 = texts.get("name"), texts.get("sha256")
        if not isinstance(name, str) or not isinstance(sha256, str) or len(texts) != 2:
            raise ControlError(f"model {entry!r}: a name and a sha256 are needed; correct it")
        return cls(name=name, sha256=sha256)


def read_stamps(paths: Sequence[str]) -> tuple[ModelStamp, ...]:
    """Read the stamps of model files; of one that cannot be read any more the checksum is left empty.

    Parameters
    ----------
    paths : sequence of str
        The loaded models, in their order.

    Returns
    -------
    tuple of ModelStamp
        In the same order.
    """
    stamps = []
    for path in map(pathlib.Path, paths):
        name, sha256 = path.stem, ""
        with contextlib.suppress(LoopmorphError, OSError):
            name = read_model_header(path).name
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        stamps.append(ModelStamp(name=name, sha256=sha256))
    return tuple(stamps)


def choose_model(loaded: Sequence[ModelStamp], wanted: ModelStamp, *, present: int) -> tuple[int, str]:
    """Find a model among those that are loaded.

    Parameters
    ----------
    loaded : sequence of ModelStamp
        In their order.
    wanted : ModelStamp
        Who drew the loop.
    present : int
        Which one draws now, and goes on if the wanted one is not loaded.

    Returns
    -------
    tuple of int and str
        Which of them is to draw, and what the performer should know: nothing, if it is the same file.
    """
    if wanted in loaded:
        return loaded.index(wanted), ""
    for index, stamp in enumerate(loaded):
        if stamp.name == wanted.name:
            return index, f"model {wanted.name!r} is another file than the one that drew this; it may sound different"
    present = min(present, len(loaded) - 1)
    return present, (
        f"model {wanted.name!r} drew this and is not loaded; {loaded[present].name!r} draws it instead; name both with "
        "'loopmorph perform --models'"
    )
