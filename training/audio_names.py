"""Names of audio files, told without opening them."""

import itertools
import pathlib

AUDIO_SUFFIXES = frozenset({".aif", ".aiff", ".flac", ".mp3", ".ogg", ".wav"})
"""The usual ones."""
MOST_LOOKED_AT = 10_000
"""Paths of a folder after which no audio is expected any more."""


def holds_audio(folder: pathlib.Path) -> bool:
    """Whether a folder, or one below it, has a file that is named like audio."""
    paths = itertools.islice(folder.rglob("*"), MOST_LOOKED_AT)
    return any(path.suffix.lower() in AUDIO_SUFFIXES for path in paths)
