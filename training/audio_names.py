"""Names of audio files, told without opening them."""

import itertools
import os
import pathlib

AUDIO_SUFFIXES = frozenset({".aif", ".aiff", ".flac", ".mp3", ".ogg", ".wav"})
"""The usual ones."""
MOST_LOOKED_AT = 10_000
"""Paths of a folder after which no audio is expected any more."""


def holds_audio(folder: pathlib.Path) -> bool:
    """Whether a folder, or one below it, has a file that is named like audio."""
    paths = itertools.islice(folder.rglob("*"), MOST_LOOKED_AT)
    return any(path.suffix.lower() in AUDIO_SUFFIXES for path in paths)


def printable(name: str) -> str:
    r"""Write what is no UTF-8 in a file's name as `\xe9`: names of old collections may be of another encoding."""
    return os.fsencode(name).decode(errors="backslashreplace")
