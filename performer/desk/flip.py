"""From clip to clip: what a voice goes over to, and the fades there.

At the end of a cell a voice either reads on into the next clip (drawn together with this one, at the clock's tempo) or
fades into it; the fade ends on the boundary, on the pre-roll that each clip carries: what begins there is whole.
"""

import math

import numpy as np

from performer.clock import TICKS_A_CELL
from performer.desk.compiled import compiled
from performer.desk.voice import DIGIT, EXACT, FALL, fitting_rate, loop_tick, place_of, sample_of, step_ticks, tick_of
from performer.memory import N_CELLS, N_LOOPS, N_SLOTS

IN_TIME = 1e-3
"""Samples by which a clip that is read may be off the clock and still be joined by the next one."""
CORRELATION_STEP = 8
"""Every so many samples are compared to tell how alike two clips are."""
SEAM, SEAM_STEP = 128, 4
"""Samples on either side of a boundary, and of them every so many, in which clips that join hold the same sound ..."""
SEAM_POWER = 1e-4
"""... but for this share of its power."""


@compiled
def retime(position: int, line: np.ndarray, voice: np.ndarray, headers: np.ndarray) -> None:
    """Take up a new stretch of the clock: what sounds goes on from where it is."""
    v = voice[0]
    v.turn = line[0].turn
    now = tick_of(position, line)
    if v.slot < 0 or now < v.tick or now > v.next_tick + TICKS_A_CELL:
        v.tick = math.floor(now)
        v.tick -= v.tick % TICKS_A_CELL
        v.next_tick = v.tick + TICKS_A_CELL
        v.prepared = 0
        v.repeat = 0
    v.boundary = math.ceil(sample_of(float(v.next_tick), line))
    v.base, v.old_base = place_of(position, voice), v.old_base + (position - v.old_anchor) * v.old_rate
    v.anchor, v.old_anchor = position, position
    v.old_rate = line[0].native_rate
    if v.slot >= 0:
        header = headers[v.cell, v.slot]
        rate = fitting_rate(header.length, line)
        v.rate = rate if rate > 0.0 else line[0].native_rate
        if v.base < header.start + header.length - FALL:  # beyond, whether it is loose is heard
            v.loose = 0 if rate > 0.0 else 1
        if rate == 0.0 and v.prepared == 1 and v.next_joins == 1:
            v.prepared = 0


@compiled
def start_fade(
    cell: int, slot: int, tick: float, anchor: int, begin: int, line: np.ndarray, voice: np.ndarray, clips: np.ndarray,
    headers: np.ndarray, playing: np.ndarray, fade: int,
) -> None:  # fmt: skip
    """Begin to fade from what sounds to another clip.

    Parameters
    ----------
    cell, slot : int
        The clip; slot -1 is silence.
    tick : float
        Ticks from the beginning of the cell at which it sounds ...
    anchor : int
        ... at this sample.
    begin : int
        Sample at which the fade begins.
    """
    v = voice[0]
    v.old_cell, v.old_slot, v.old_anchor, v.old_base, v.old_rate = v.cell, v.slot, v.anchor, v.base, v.rate
    v.old_loose, v.loose = v.loose, 0
    v.cell, v.slot, v.anchor, v.fade_left = cell, slot, anchor, fade
    if slot >= 0:
        header = headers[cell, slot]
        rate = fitting_rate(header.length, line)
        if rate > 0.0:
            v.rate, v.base = rate, header.start + tick / TICKS_A_CELL * header.length
        else:  # begins with the cell, and ends early or late
            v.rate, v.loose = line[0].native_rate, 1
            v.base = header.start + tick / line[0].ticks_a_sample * v.rate
        if v.rate == 1.0 and abs(v.base - round(v.base)) < EXACT * header.length:
            v.base = float(round(v.base))
        before = v.old_slot if v.old_slot >= 0 and v.old_cell == cell else playing[cell] % DIGIT - 1
        playing[cell] = slot + 1 + (DIGIT * (before + 1) if before != slot else 0)
    v.correlation = correlate(voice, clips, begin, fade)


@compiled
def correlate(voice: np.ndarray, clips: np.ndarray, position: int, fade: int) -> float:
    """Tell how alike two clips are where one fades into the other, 0 to 1; 1 if one of them is silent."""
    v = voice[0]
    if v.slot < 0 or v.old_slot < 0:
        return 1.0
    new_power, old_power, common = 0.0, 0.0, 0.0
    n = clips.shape[3]
    for step in range(0, fade, CORRELATION_STEP):
        at = position + step
        new = int(v.base + (at - v.anchor) * v.rate)
        old = int(v.old_base + (at - v.old_anchor) * v.old_rate)
        if 0 <= new < n and 0 <= old < n:
            for loop in range(N_LOOPS):
                a, b = float(clips[v.cell, v.slot, loop, new]), float(clips[v.old_cell, v.old_slot, loop, old])
                new_power += a * a
                old_power += b * b
                common += a * b
    if new_power * old_power <= 0.0:
        return 1.0
    return min(max(common / math.sqrt(new_power * old_power), 0.0), 1.0)


@compiled
def continues(cell: int, slot: int, voice: np.ndarray, clips: np.ndarray, headers: np.ndarray) -> bool:
    """Whether a clip holds the same sound around its beginning as the sounding one around its end.

    Those of one revision do, but for the first and the last window of a loop that was drawn window by window: there the
    phases have not closed.
    """
    v = voice[0]
    end = math.floor(headers[v.cell, v.slot].start + headers[v.cell, v.slot].length + IN_TIME)
    begin = math.floor(headers[cell, slot].start + IN_TIME)
    power, apart = 0.0, 0.0
    for step in range(-SEAM, SEAM, SEAM_STEP):
        for loop in range(N_LOOPS):
            old, new = float(clips[v.cell, v.slot, loop, end + step]), float(clips[cell, slot, loop, begin + step])
            power += old * old
            apart += (new - old) * (new - old)
    return apart <= SEAM_POWER * power


@compiled
def take_whole(seen: np.ndarray, voice: np.ndarray, playing: np.ndarray) -> None:
    """Let all cells go over to what has arrived, if that is one whole loop."""
    v = voice[0]
    revision = seen[0] // N_SLOTS
    for cell in range(N_CELLS):
        if seen[cell] // N_SLOTS != revision or revision == 0:
            return
    for cell in range(N_CELLS):
        slot = seen[cell] % N_SLOTS
        sounds = cell == v.cell and v.slot >= 0 and v.slot != slot
        playing[cell] = slot + 1 + (DIGIT * (v.slot + 1) if sounds else 0)


@compiled
def take_cells(seen: np.ndarray, voice: np.ndarray, play: np.ndarray, playing: np.ndarray) -> None:
    """Let each cell that is not being read go over to what has arrived, unless the deck waits for its moment."""
    v = voice[0]
    for cell in range(N_CELLS):
        if seen[cell] == 0 or (playing[cell] > 0 and (play[0].flip > 0 or play[0].frozen == 1)):
            continue
        read = (v.slot >= 0 and cell == v.cell) or (v.old_slot >= 0 and cell == v.old_cell)
        if not read and not (v.prepared == 1 and v.next_slot >= 0 and cell == v.next_cell):
            playing[cell] = seen[cell] % N_SLOTS + 1


@compiled
def choose_slot(cell: int, play: np.ndarray, seen: np.ndarray, playing: np.ndarray) -> int:
    """Tell which slot of a cell is to sound; -1 for silence."""
    if play[0].flip == 0 and play[0].frozen == 0 and seen[cell] > 0:
        return seen[cell] % N_SLOTS
    return playing[cell] % DIGIT - 1


@compiled
def prepare(
    line: np.ndarray, voice: np.ndarray, play: np.ndarray, clips: np.ndarray, headers: np.ndarray, seen: np.ndarray,
    playing: np.ndarray, fade: int,
) -> None:  # fmt: skip
    """Decide what comes at the boundary ahead, and begin the fade that ends there."""
    v, p = voice[0], play[0]
    v.prepared = 1
    if p.repeat != v.repeat:
        v.repeat = p.repeat
        v.repeat_from = v.tick - v.tick % max(v.repeat, 1)
    if p.flip > 0 and p.frozen == 0 and v.next_tick % p.flip == 0:
        take_whole(seen, voice, playing)
    tick = loop_tick(v.next_tick, voice, play)
    cell, within = tick // TICKS_A_CELL, tick % TICKS_A_CELL
    slot = choose_slot(cell, play, seen, playing)
    v.next_cell, v.next_slot, v.next_joins = cell, slot, 0
    if slot >= 0 and v.slot >= 0:
        here, there = headers[v.cell, v.slot], headers[cell, slot]
        follows = cell == (v.cell + 1) % N_CELLS and within == 0 and here.revision == there.revision
        ends = here.start + here.length
        beyond = (v.boundary - sample_of(float(v.next_tick), line)) * v.rate
        in_time = abs(place_of(v.boundary, voice) - beyond - ends) < IN_TIME
        fits = v.loose == 0 and fitting_rate(there.length, line) > 0.0
        if follows and in_time and fits and continues(cell, slot, voice, clips, headers):
            v.next_joins = 1
            playing[cell] = slot + 1
            return
    if slot >= 0 or v.slot >= 0:
        beyond = (v.boundary - sample_of(float(v.next_tick), line)) * line[0].ticks_a_sample
        begin = v.boundary - fade
        start_fade(cell, slot, within + beyond, v.boundary, begin, line, voice, clips, headers, playing, fade)


@compiled
def cross(line: np.ndarray, voice: np.ndarray, headers: np.ndarray) -> None:
    """Step over the boundary, into the next clip if it joins on."""
    v = voice[0]
    if v.next_joins == 1:
        header = headers[v.next_cell, v.next_slot]
        rate = fitting_rate(header.length, line)
        base = header.start + (v.boundary - sample_of(float(v.next_tick), line)) * rate
        if rate == 1.0 and abs(base - round(base)) < EXACT * header.length:
            base = float(round(base))
        v.cell, v.slot, v.anchor, v.base, v.rate = v.next_cell, v.next_slot, v.boundary, base, rate
        v.loose = 0
    v.tick = v.next_tick
    v.next_tick = v.tick + step_ticks(v.tick, voice)
    v.boundary = math.ceil(sample_of(float(v.next_tick), line))
    v.prepared = v.next_joins = 0


@compiled
def flip_within(
    position: int, line: np.ndarray, voice: np.ndarray, play: np.ndarray, clips: np.ndarray, headers: np.ndarray,
    seen: np.ndarray, playing: np.ndarray, fade: int,
) -> None:  # fmt: skip
    """Fade to a clip that has just arrived for the cell that sounds, if there is time before the next boundary."""
    v = voice[0]
    if position >= v.boundary - 2 * fade:
        return
    tick = loop_tick(v.tick, voice, play)
    cell, within = v.cell if v.slot >= 0 else tick // TICKS_A_CELL, tick % TICKS_A_CELL
    slot = choose_slot(cell, play, seen, playing)
    if slot != v.slot:
        ticks = within + tick_of(position, line) - v.tick
        start_fade(cell, slot, ticks, position, position, line, voice, clips, headers, playing, fade)
