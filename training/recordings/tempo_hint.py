"""A file's name -> its tempo, where the name says it."""

import re

from training.recordings.settings import BPM_LIMITS

NAMED = re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d+)?)[\s_-]*bpm|bpm[\s_-]*(\d{2,3}(?:\.\d+)?)(?!\d)", re.IGNORECASE)
"""`126bpm`, `126 BPM`, `126.5-bpm` or `bpm_126`."""


def named_tempo(name: str) -> float | None:
    """Read the tempo that a file's name tells, in beats a minute; None if it tells none from 40 to 250.

    Examples
    --------
    >>> named_tempo("Full_Kit_126bpm_03.wav"), named_tempo("kit 808.wav")
    (126.0, None)
    """
    for match in NAMED.finditer(name):
        tempo_bpm = float(match[1] or match[2])
        if BPM_LIMITS[0] <= tempo_bpm <= BPM_LIMITS[1]:
            return tempo_bpm
    return None
