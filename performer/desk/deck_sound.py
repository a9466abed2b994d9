"""A voice heard: its clips read, faded and mixed to stereo."""

import math
from typing import Any

import numpy as np

from performer.desk.compiled import compiled
from performer.desk.flip import cross, flip_within, prepare, retime, take_cells
from performer.desk.reader import read
from performer.desk.stereo import loudness_gain
from performer.desk.voice import DIGIT, FALL
from performer.memory import N_LOOPS

RISE = 32
"""Samples over which a clip fades in that is read from its very beginning."""


@compiled
def aim(voice: np.ndarray, headers: np.ndarray, weights: np.ndarray, gains: np.ndarray) -> None:
    """Set the gains that the loops are to reach: their weights, at the loudness of every deck."""
    v = voice[0]
    if v.slot < 0:
        return
    gain = loudness_gain(weights, headers[v.cell, v.slot].covariance)
    for channel in range(2):
        for loop in range(N_LOOPS):
            gains[1, channel, loop] = weights[channel, loop] * gain


@compiled
def smooth(share: float) -> float:
    """Bend a straight way from 0 to 1 so that it has no corners."""
    return share * share * (3.0 - 2.0 * share)


@compiled
def ramped(place: float, header: Any, loose: int) -> float:
    """Gain that fades a clip in at its very beginning, and out behind its cell; a loose one before the next hit."""
    behind = place - header.start - header.length + loose * FALL
    return smooth(min(max(min(place / RISE, 1.0 - max(behind, 0.0) / FALL), 0.0), 1.0))


@compiled
def mix_run(
    out: np.ndarray, first: int, n: int, position: int, voice: np.ndarray, clips: np.ndarray, headers: np.ndarray,
    gains: np.ndarray, smoothing: float, fade: int, room: np.ndarray, table: np.ndarray,
) -> None:  # fmt: skip
    """Read what sounds, and what fades out, for a stretch in which neither changes."""
    v = voice[0]
    for index in range(n):
        at = position + index
        new_share, old_share = 1.0, 0.0
        if v.fade_left > 0:
            done = smooth(1.0 - (v.fade_left - index - 1) / fade)
            rest = 1.0 - done
            power = done * done + rest * rest + 2.0 * done * rest * v.correlation
            new_share, old_share = done / math.sqrt(power), rest / math.sqrt(power)
        for loop in range(N_LOOPS):
            room[1, loop] = 0.0
        if v.slot >= 0:
            place = v.base + (at - v.anchor) * v.rate
            read(clips[v.cell, v.slot], place, table, room[0], room[2])
            share = new_share * ramped(place, headers[v.cell, v.slot], v.loose)
            for loop in range(N_LOOPS):
                room[1, loop] = share * room[2, loop]
        if old_share > 0.0 and v.old_slot >= 0:
            place = v.old_base + (at - v.old_anchor) * v.old_rate
            read(clips[v.old_cell, v.old_slot], place, table, room[0], room[2])
            share = old_share * ramped(place, headers[v.old_cell, v.old_slot], v.old_loose)
            for loop in range(N_LOOPS):
                room[1, loop] += share * room[2, loop]
        for channel in range(2):
            total = 0.0
            for loop in range(N_LOOPS):
                gains[0, channel, loop] += smoothing * (gains[1, channel, loop] - gains[0, channel, loop])
                total += gains[0, channel, loop] * room[1, loop]
            out[channel, first + index] = total


@compiled
def play_voice(  # noqa: C901 - one walk over the events of a stretch
    out: np.ndarray,
    n: int,
    position: int,
    line: np.ndarray,
    voice: np.ndarray,
    play: np.ndarray,
    clips: np.ndarray,
    headers: np.ndarray,
    seen: np.ndarray,
    playing: np.ndarray,
    weights: np.ndarray,
    gains: np.ndarray,
    smoothing: float,
    fade: int,
    room: np.ndarray,
    table: np.ndarray,
) -> None:
    """Play a deck for some samples.

    Parameters
    ----------
    out : np.ndarray [shape=(2, >= n)]
        float64, its first `n` columns are overwritten: left and right.
    n : int
        Samples to play.
    position : int
        Samples played before.
    line : np.ndarray [shape=(1,)]
        `clock.LINE`: the stretch of the clock that `position` lies on.
    voice, play : np.ndarray [shape=(1,)]
        `VOICE`, moved on, and `PLAY`.
    clips : np.ndarray [shape=(N_CELLS, N_SLOTS, N_LOOPS, n)]
        float32.
    headers : np.ndarray [shape=(N_CELLS, N_SLOTS)]
        `memory.HEADER` of each clip.
    seen, playing : np.ndarray [shape=(N_CELLS,)]
        int64 words of `clips.free_slot`; `playing` is written.
    weights : np.ndarray [shape=(2, N_LOOPS)]
        float64 weight of each loop in left and right, before the clip's loudness is evened out.
    gains : np.ndarray [shape=(2, 2, N_LOOPS)]
        float64: where each loop's gain is, and where it goes.
    smoothing : float
        Share of the way that a gain goes each sample.
    fade : int
        Length of a crossfade, in samples.
    room : np.ndarray [shape=(3, N_TAPS)]
        float64 room to work in.
    table : np.ndarray
        From `reader.sinc_table`.
    """
    v = voice[0]
    if v.turn != line[0].turn:
        retime(position, line, voice, headers)
    take_cells(seen, voice, play, playing)
    aim(voice, headers, weights, gains)
    done = 0
    while done < n:
        at = position + done
        if v.prepared == 1 and at >= v.boundary:
            cross(line, voice, headers)
            aim(voice, headers, weights, gains)
        if v.prepared == 0 and v.fade_left == 0:
            if at >= v.boundary - fade:
                prepare(line, voice, play, clips, headers, seen, playing, fade)
                aim(voice, headers, weights, gains)
                continue
            flip_within(at, line, voice, play, clips, headers, seen, playing, fade)
            aim(voice, headers, weights, gains)
        stop = position + n
        if v.prepared == 1:
            stop = min(stop, v.boundary)
        elif v.fade_left == 0:
            stop = min(stop, v.boundary - fade)
        if v.fade_left > 0:
            stop = min(stop, at + v.fade_left)
        mix_run(out, done, stop - at, at, voice, clips, headers, gains, smoothing, fade, room, table)
        if v.fade_left > 0:
            v.fade_left -= stop - at
            if v.fade_left == 0:
                if v.old_slot >= 0:
                    playing[v.old_cell] %= DIGIT
                v.old_slot = -1
        done += stop - at
    take_cells(seen, voice, play, playing)  # again: what a deck plays when it begins to wait does not depend on blocks
