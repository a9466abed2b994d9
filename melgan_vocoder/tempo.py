"""Tempo -> frames: how many a loop has at another tempo, and which columns of the drawn loop they are made from."""

import math

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import LoopFormat, MelFormat

SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0
"""Tempi that loops are stretched to."""
HOLD_FRAMES, EASE_FRAMES = 4, 16
"""A hit sounds for so many frames as it was drawn, and until then it has come back to where the tempo wants it."""
ONSET_COLUMNS = 3
"""Columns over which sound sets in once: the first of them counts."""


def frames_at(tempo_bpm: float, mel_format: LoopFormat | None = None) -> int:
    """Tell how many frames a loop has at a tempo.

    Parameters
    ----------
    tempo_bpm : float
        60 to 200 beats a minute.
    mel_format : LoopFormat, optional
        The format; `MelFormat()` by default.

    Returns
    -------
    int
        307 to 1024, 512 at 120 BPM: the loop's length is within 0.17 % of what the tempo asks for.

    Raises
    ------
    VocoderError
        If the tempo is out of range.

    Examples
    --------
    >>> frames_at(126)
    488
    """
    if not SLOWEST_BPM <= tempo_bpm <= FASTEST_BPM:
        raise VocoderError(
            f"tempo is {tempo_bpm:g} BPM, {SLOWEST_BPM:g} to {FASTEST_BPM:g} are needed; choose half or double of it"
        )
    fmt = mel_format or MelFormat()
    return round(fmt.n_frames * fmt.tempo_bpm / tempo_bpm)


def source_window(first: int, n: int, *, n_frames: int, mel_format: LoopFormat | None = None) -> tuple[int, int]:
    """Tell which columns of a drawn loop some frames of the stretched one are made from.

    Parameters
    ----------
    first, n : int
        The first of the frames, and how many.
    n_frames : int
        Frames of the whole stretched loop.
    mel_format : LoopFormat, optional
        Gives the columns of a drawn loop; `MelFormat()` by default.

    Returns
    -------
    first_column, n_columns : int
        Where they begin, and how many; both ends may lie beyond the loop's, which goes round.
    """
    n_columns = (mel_format or MelFormat()).n_frames
    if n_frames == n_columns:
        return first, n
    ahead = EASE_FRAMES**2 / (4 * (EASE_FRAMES - HOLD_FRAMES)) * max(1 - n_columns / n_frames, 0.0)
    begin = (2 * (first - EASE_FRAMES) - 1) * n_columns // (2 * n_frames) - ONSET_COLUMNS
    end = math.ceil((first + n) * n_columns / n_frames + ahead) + 2
    return begin, end - begin
