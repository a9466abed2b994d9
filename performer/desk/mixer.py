"""Decks -> master, echo and headphones: the mixing desk, one kernel that the audio callback calls."""

import math
from typing import NamedTuple

import numpy as np

from performer.clock import TICKS_A_LOOP
from performer.controls import DECK_STRIDE, N_DECKS, SLOTS, SMOOTHING_MS
from performer.desk import echo as echoes
from performer.desk import equalizer as equalizers
from performer.desk import limiter as limiters
from performer.desk import meter as meters
from performer.desk import sweep as sweeps
from performer.desk.compiled import compiled
from performer.desk.deck_sound import play_voice
from performer.desk.echo import delay_samples, echo
from performer.desk.equalizer import band_gain, equalize
from performer.desk.limiter import limit
from performer.desk.meter import measure
from performer.desk.reader import N_TAPS, sinc_table
from performer.desk.stereo import set_weights
from performer.desk.sweep import sweep
from performer.desk.voice import FADE_MS, FLIP_TICKS, PLAY, REPEAT_TICKS, new_voice, silence_voice
from performer.memory import N_LOOPS

CHUNK = 256
"""Samples that are mixed at once."""
STEREO, WITH_CUE, DECKS = 0, 1, 2
"""What the channels of the output are: the master; the master and the headphones; each deck for itself."""
N_CHANNELS = {STEREO: 2, WITH_CUE: 4, DECKS: 2 * N_DECKS}
"""How many channels that are."""

WIDTH, BALANCE, TRIM = (SLOTS[f"/deck/1/{name}"].start for name in ("width", "balance", "trim"))
LOW, MID, HIGH, FILTER = (SLOTS[f"/deck/1/{name}"].start for name in ("low", "mid", "high", "filter"))
SEND, LEVEL, ASSIGN, MUTE, CUE = (SLOTS[f"/deck/1/{name}"].start for name in ("send", "level", "assign", "mute", "cue"))
FREEZE, FLIP, REPEAT = (SLOTS[f"/deck/1/{name}"].start for name in ("freeze", "flip", "repeat"))
ROTATE, BARS = (SLOTS[f"/deck/1/{name}"].start for name in ("rotate", "bars"))
CROSSFADER, PANIC = SLOTS["/crossfader"].start, SLOTS["/panic"].start
ECHO_TIME, ECHO_FEEDBACK, ECHO_LEVEL = (SLOTS[f"/echo/{name}"].start for name in ("time", "feedback", "level"))
MASTER, CUE_LEVEL = SLOTS["/master/level"].start, SLOTS["/cue/level"].start
TRIMMED, FADED, SENT, CUED = range(4)
"""Where a deck's smoothed gains stand."""
SILENT = 1e-5
"""A master gain below this is heard no more."""


class Desk(NamedTuple):
    """State of the desk, all of it allocated beforehand."""

    voices: np.ndarray
    """`VOICE` of each deck, `[N_DECKS, 1]`."""
    cue_voices: np.ndarray
    """The same for the headphones."""
    play: np.ndarray
    """`PLAY` of the deck at hand, `[1]`."""
    weights: np.ndarray
    """Weights of the loops of the deck at hand, `[2, N_LOOPS]`."""
    gains: np.ndarray
    """Gains of the loops and their targets, `[N_DECKS, 2, 2, N_LOOPS]`."""
    cue_gains: np.ndarray
    """The same for the headphones."""
    bands: np.ndarray
    """Gains of the equalizer at hand, `[3]`."""
    equalizers: np.ndarray
    """State of each deck's equalizer, `[N_DECKS, n]`."""
    sweeps: np.ndarray
    """State of each deck's filter, `[N_DECKS, n]`."""
    faders: np.ndarray
    """Smoothed gains of each deck, `[N_DECKS, 4]`."""
    master: np.ndarray
    """Smoothed gains of the master, the headphones and the echo, `[3]`."""
    limiters: np.ndarray
    """State of the limiters of each deck's outputs and of the headphones, `[N_DECKS + 1, n]`."""
    buffers: np.ndarray
    """Sound of the deck at hand, the master, the echo's send, the headphones and the echo, `[5, 2, CHUNK]`."""
    echo: np.ndarray
    """State of the echo."""
    echo_line: np.ndarray
    """Its delay line."""
    limiter: np.ndarray
    """State of the master's limiter."""
    meters: np.ndarray
    """State of each deck's meter and the master's, `[N_DECKS + 1, n]`."""
    room: np.ndarray
    """Room for the readers, `[3, N_TAPS]`."""
    table: np.ndarray
    """`reader.sinc_table`."""
    smoothing: float
    """Share of the way that a gain goes each sample."""
    fade: int
    """Length of a crossfade, in samples."""


def new_desk(sample_rate: int) -> Desk:
    """Make a desk on which nothing plays yet.

    Parameters
    ----------
    sample_rate : int
        Of the device, in hertz.
    """
    return Desk(
        voices=np.stack([new_voice() for _ in range(N_DECKS)]),
        cue_voices=np.stack([new_voice() for _ in range(N_DECKS)]),
        play=np.zeros(1, PLAY),
        weights=np.zeros((2, N_LOOPS)),
        gains=np.zeros((N_DECKS, 2, 2, N_LOOPS)),
        cue_gains=np.zeros((N_DECKS, 2, 2, N_LOOPS)),
        bands=np.ones(3),
        equalizers=np.stack([equalizers.new_state(sample_rate) for _ in range(N_DECKS)]),
        sweeps=np.stack([sweeps.new_state(sample_rate) for _ in range(N_DECKS)]),
        faders=np.zeros((N_DECKS, 4)),
        master=np.zeros(3),
        limiters=np.stack([limiters.new_state(sample_rate) for _ in range(N_DECKS + 1)]),
        buffers=np.zeros((5, 2, CHUNK)),
        echo=echoes.new_state(sample_rate),
        echo_line=echoes.new_line(sample_rate),
        limiter=limiters.new_state(sample_rate),
        meters=np.stack([meters.new_state(sample_rate) for _ in range(N_DECKS + 1)]),
        room=np.zeros((3, N_TAPS)),
        table=sinc_table(),
        smoothing=-math.expm1(-1000 / (SMOOTHING_MS * sample_rate)),
        fade=round(FADE_MS * sample_rate / 1000),
    )


class Loops(NamedTuple):
    """What the worker and the audio process share: see `memory.STATE`."""

    clips: np.ndarray
    headers: np.ndarray
    seen: np.ndarray
    playing: np.ndarray
    cued: np.ndarray


deck_gain = compiled(band_gain)


@compiled
def set_play(play: np.ndarray, values: np.ndarray, deck: int) -> None:
    """Read from the controls how a deck is played."""
    first = deck * DECK_STRIDE
    p = play[0]
    p.flip = FLIP_TICKS[int(values[FLIP + first])]
    p.frozen = int(values[FREEZE + first])
    p.rotate = int(values[ROTATE + first])
    p.n_ticks = TICKS_A_LOOP // 2 * int(values[BARS + first])
    p.repeat = REPEAT_TICKS[int(values[REPEAT + first])]


@compiled
def side_gain(assigned: float, crossfader: float) -> float:
    """Gain of a deck by its side of the crossfader, -1 to 1; both sides are whole in the middle."""
    if assigned == 0.0:
        return 1.0
    return min(1.0, math.sqrt(2.0) * math.cos(math.pi / 4 * (1.0 - assigned * crossfader)))


@compiled
def mix_deck(n: int, position: int, deck: int, values: np.ndarray, line: np.ndarray,
             loops: Loops, desk: Desk, readings: np.ndarray) -> None:  # fmt: skip
    """Play one deck through its strip, and add it to the master, the echo's send and the headphones.

    Its own sound is left in the first buffer.
    """
    mine = deck * DECK_STRIDE
    sound, master, send, cue = desk.buffers[0], desk.buffers[1], desk.buffers[2], desk.buffers[3]
    set_play(desk.play, values, deck)
    set_weights(desk.weights, values[WIDTH + mine], values[BALANCE + mine], values[BALANCE + mine + 1])
    if values[CUE + mine] + desk.faders[deck, CUED] > SILENT:
        desk.play[0].flip = 0
        play_voice(
            sound, n, position, line, desk.cue_voices[deck], desk.play, loops.clips[deck], loops.headers[deck],
            loops.seen[deck], loops.cued[deck], desk.weights, desk.cue_gains[deck], desk.smoothing, desk.fade,
            desk.room, desk.table,
        )  # fmt: skip
        for index in range(n):
            desk.faders[deck, CUED] += desk.smoothing * (values[CUE + mine] - desk.faders[deck, CUED])
            for channel in range(2):
                cue[channel, index] += desk.faders[deck, CUED] * sound[channel, index]
        set_play(desk.play, values, deck)
    elif desk.cue_voices[deck][0].turn >= 0:
        silence_voice(desk.cue_voices[deck])  # it would have to catch up with all that it has not played
        loops.cued[deck][:] = 0
    play_voice(
        sound, n, position, line, desk.voices[deck], desk.play, loops.clips[deck], loops.headers[deck],
        loops.seen[deck], loops.playing[deck], desk.weights, desk.gains[deck], desk.smoothing, desk.fade,
        desk.room, desk.table,
    )  # fmt: skip
    for band in range(3):
        desk.bands[band] = deck_gain(values[LOW + mine + band])
    equalize(sound, n, position, desk.bands, desk.equalizers[deck])
    sweep(sound, n, position, values[FILTER + mine], desk.sweeps[deck])
    trim = 10.0 ** (values[TRIM + mine] / 20.0)
    fader = values[LEVEL + mine] ** 2 * (1.0 - values[MUTE + mine]) * (1.0 - values[PANIC])
    fader *= side_gain(values[ASSIGN + mine], values[CROSSFADER])
    for index in range(n):
        gains = desk.faders[deck]
        gains[TRIMMED] += desk.smoothing * (trim - gains[TRIMMED])
        gains[FADED] += desk.smoothing * (fader - gains[FADED])
        gains[SENT] += desk.smoothing * (values[SEND + mine] - gains[SENT])
        for channel in range(2):
            sample = sound[channel, index] * gains[TRIMMED] * gains[FADED]
            sound[channel, index] = sample
            master[channel, index] += sample
            send[channel, index] += gains[SENT] * sample
    measure(sound, n, desk.meters[deck], readings[deck])


@compiled
def write_pair(out: np.ndarray, first: int, channel: int, sound: np.ndarray, n: int) -> None:
    """Write stereo sound to two channels of the output."""
    for index in range(n):
        out[first + index, channel] = sound[0, index]
        out[first + index, channel + 1] = sound[1, index]


@compiled
def write_ring(ring: np.ndarray, position: int, sound: np.ndarray, n: int) -> None:
    """Write stereo sound to a ring that positions count."""
    for index in range(n):
        at = (position + index) % ring.shape[0]
        ring[at, 0] = sound[0, index]
        ring[at, 1] = sound[1, index]


@compiled
def mix_block(out: np.ndarray, position: int, values: np.ndarray, line: np.ndarray, loops: Loops,
              desk: Desk, channels: int, readings: np.ndarray, tape: np.ndarray,
              cue_tape: np.ndarray) -> bool:  # fmt: skip
    """Mix one block of all decks.

    Parameters
    ----------
    out : np.ndarray [shape=(block_size, n_channels)]
        float32, overwritten; channels that are not used are silent.
    position : int
        Samples played before this block.
    values : np.ndarray [shape=(N_VALUES,)]
        float64 values of all controls.
    line : np.ndarray [shape=(1,)]
        `clock.LINE`.
    loops : Loops
        What there is to play.
    desk : Desk
        State of the desk.
    channels : int
        `STEREO`, `WITH_CUE` or `DECKS`.
    readings : np.ndarray [shape=(N_DECKS + 1, n)]
        float64, overwritten: meter readings of each deck and of the master.
    tape : np.ndarray [shape=(n, 2)]
        float32, overwritten: the newest samples of the master, in a ring that `position` counts.
    cue_tape : np.ndarray [shape=(n, 2)]
        float32, overwritten: the same of the headphones.

    Returns
    -------
    bool
        Whether a limiter had to hold the master or a deck's outputs back.
    """
    limited = False
    master, send, cue, echoed = desk.buffers[1], desk.buffers[2], desk.buffers[3], desk.buffers[4]
    delay = delay_samples(values[ECHO_TIME], line[0].ticks_a_sample)
    level = values[MASTER] ** 2 * (1.0 - values[PANIC])
    first = 0
    while first < out.shape[0]:
        within = (position + first) % CHUNK
        n = min(CHUNK - within, out.shape[0] - first)
        if within == 0 and values[PANIC] > 0.0 and desk.master[0] < SILENT:
            desk.echo_line[:] = 0.0
        out[first : first + n] = 0.0
        desk.buffers[1:] = 0.0
        for deck in range(N_DECKS):
            mix_deck(n, position + first, deck, values, line, loops, desk, readings)
            if channels == DECKS:
                limited = limit(desk.buffers[0], n, desk.limiters[deck]) or limited
                write_pair(out, first, 2 * deck, desk.buffers[0], n)
        echo(send, echoed, n, delay, values[ECHO_FEEDBACK], desk.echo, desk.echo_line)
        for index in range(n):
            desk.master[0] += desk.smoothing * (level - desk.master[0])
            desk.master[1] += desk.smoothing * (values[CUE_LEVEL] ** 2 - desk.master[1])
            desk.master[2] += desk.smoothing * (values[ECHO_LEVEL] - desk.master[2])
            for channel in range(2):
                whole = master[channel, index] + desk.master[2] * echoed[channel, index]
                master[channel, index] = desk.master[0] * whole
                cue[channel, index] *= desk.master[1]
        limited = limit(master, n, desk.limiter) or limited
        limit(cue, n, desk.limiters[N_DECKS])
        measure(master, n, desk.meters[N_DECKS], readings[N_DECKS])
        write_ring(tape, position + first, master, n)
        write_ring(cue_tape, position + first, cue, n)
        if channels != DECKS:
            write_pair(out, first, 0, master, n)
        if channels == WITH_CUE:
            write_pair(out, first, 2, cue, n)
        first += n
    return limited
