"""The control table: one row a control, from which every surface is made."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from performer.direction_names import COMPONENTS, DIRECTION_NAMES, FINE, NAMED, OWN
from performer.errors import ControlError
from stylegan_audio.latent import MAX_SEED
from stylegan_audio.presets import MAX_PRESETS

N_DECKS = 4
DIRECTION_RANGE = 3.0
OWN_CORNER = -1
"""What leaves a corner of the pad to the deck's seed."""
FIRST_PRESET = -2
"""What puts the model's first preset into a corner; its second one is -3."""
FIRST_SEED = 3
"""Seed of the first deck at start: a loop in the middle, with room for every direction."""
SMOOTHING_MS = 10.0
"""Time constant with which the mixer follows its controls."""
TEMPO_RANGE_BPM = (60.0, 200.0)
MAX_MODELS = 16
"""Models that can be loaded at once."""
MASTER_MIDI_CHANNEL = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class Control:
    """One row of the table."""

    path: str
    """Its OSC address."""
    types: str
    """OSC type of each value: `i` or `f`."""
    minimum: float
    """Smallest value; smaller ones are clipped."""
    maximum: float
    """Largest value; larger ones are clipped."""
    default: tuple[float, ...]
    """Values at start, one for each type."""
    unit: str
    """What the numbers count."""
    smoothing_ms: float
    """Time constant with which the sound follows; 0 for values that are rendered into the loop."""
    help: str
    """What it does to the sound, in one line."""
    midi_channel: int
    """MIDI channel it listens on, 1 to 16."""
    midi_controllers: tuple[int, ...]
    """MIDI controller number of each value."""
    midi_notes: tuple[int, ...] = ()
    """MIDI notes that switch it over."""
    springs: bool = False
    """Whether it is held, and back at its default once it is let go."""

    @property
    def is_switch(self) -> bool:
        """Whether it is off at 0 and on at 1, and nothing between."""
        return self.types == "i" and (self.minimum, self.maximum) == (0, 1)

    def accept(self, arguments: Sequence[object]) -> tuple[float, ...]:
        """Turn the arguments of a message into values, clipped to the range.

        Parameters
        ----------
        arguments : sequence of object
            What a surface sent; whole floats are taken for integers and integers for floats, of a switch true for 1.

        Returns
        -------
        tuple of float
            One value for each type.

        Raises
        ------
        ControlError
            If there are too many or too few, or one is no finite number, or an integer is needed and not given.
        """
        if len(arguments) != len(self.types):
            raise ControlError(
                f"{self.path} got {len(arguments)} values, {len(self.types)} ({self.describe_range()}) needed; send "
                f"{' '.join(f'{value:g}' for value in self.default)} for example"
            )
        return tuple(self.accept_one(argument, kind) for argument, kind in zip(arguments, self.types, strict=True))

    def accept_one(self, argument: object, kind: str) -> float:
        """Turn one argument into a value; see `accept`."""
        is_fit = self.is_switch or not isinstance(argument, bool)
        number = argument if isinstance(argument, int | float) and is_fit else math.nan
        if not math.isfinite(number) or (kind == "i" and number != int(number)):
            needed = "a whole number" if kind == "i" else "a number"
            raise ControlError(f"{self.path} got {argument!r}, {needed} ({self.describe_range()}) needed; send one")
        return float(min(max(number, self.minimum), self.maximum))

    def describe_midi(self) -> str:
        """Say in words what of MIDI moves it, such as `1: 80, note 44`."""
        words = [*map(str, self.midi_controllers), *(f"note {note}" for note in self.midi_notes)]
        return f"{self.midi_channel}: {', '.join(words)}" if words else ""

    def describe_range(self) -> str:
        """Say the range in words, such as `-3 to 3 sigma`."""
        return f"{self.minimum:.10g} to {self.maximum:.10g} {self.unit}".strip()


def deck_controls(deck: int) -> list[Control]:
    """List the controls of one deck, counted from 1."""

    def row(
        name: str,
        types: str,
        limits: tuple[float, float],
        default: tuple[float, ...],
        text: str,
        *,
        unit: str = "",
        midi: tuple[int, ...] = (),
        notes: tuple[int, ...] = (),
        smoothing_ms: float = 0.0,
    ) -> Control:
        return Control(
            path=f"/deck/{deck}/{name}",
            types=types,
            minimum=limits[0],
            maximum=limits[1],
            default=default,
            unit=unit,
            smoothing_ms=smoothing_ms,
            help=text,
            midi_channel=deck,
            midi_controllers=midi,
            midi_notes=notes,
        )

    def direction(name: str, text: str, midi: int) -> Control:
        return row(name, "f", (-DIRECTION_RANGE, DIRECTION_RANGE), (0.0,), text, unit="sigma", midi=(midi,))

    seed, unit, switch, mixed = (0.0, float(MAX_SEED)), (0.0, 1.0), (0.0, 1.0), SMOOTHING_MS
    return [
        row("model", "i", (0, MAX_MODELS - 1), (0.0,),
            "Which of the loaded models draws, counted from 0; beyond them the last."),
        row("seed", "i", seed, (FIRST_SEED + 10.0 * (deck - 1),),
            "Loop in the pad's first corner; the other three hold the next three seeds."),
        row("corners", "iiii", (FIRST_PRESET - MAX_PRESETS + 1.0, seed[1]), (float(OWN_CORNER),) * 4,
            "Seeds pinned to the pad's corners: first, right, upper, upper right; -1 leaves a corner to the seed, "
            "-2 is the model's first preset, -3 its second."),
        row("morph", "ff", unit, (0.0, 0.0), "Place on the pad between the four corners: right, then up.",
            midi=(20, 21)),
        row("glide", "f", (0.0, 30.0), (0.0,), "Time that the deck takes to wander to a new place.", unit="s",
            midi=(22,)),
        row("psi", "f", unit, (0.8,), "Truncation: 0 is the model's average loop, 1 its wildest ones.", midi=(23,)),
        row("walk", "f", (0.0, 1e6), (0.0,), "Place on a random walk that belongs to the seed; 0 is where it begins.",
            unit="steps"),
        row("drift", "f", unit, (0.0,), "How fast the deck walks on by itself.", unit="steps a bar", midi=(24,)),
        *(direction(name, text, controller)
          for (name, text), controller in zip(NAMED.items(), (16, 17, *range(106, 112)), strict=True)),
        *(direction(name, "Direction of the model that has no control of its own name, in the order of its file.",
                    controller) for name, controller in zip(OWN, range(112, 116), strict=True)),
        *(direction(name, "Principal component of the model's latents; the first moves most.", controller)
          for name, controller in zip(COMPONENTS, (70, 71, 72, 73, 75, 76), strict=True)),
        *(direction(name, text, controller)
          for (name, text), controller in zip(FINE.items(), (77, 78, 79, 87), strict=True)),
        row("hold", "i", switch, (0.0,), "1 lets directions move their own attribute alone and hold all others where "
            "they are, where the model knows how.", midi=(119,), notes=(47,)),
        row("timbre", "ff", unit, (0.0, 0.0), "Place on a second pad over the same corners, for the timbre: right, "
            "then up.", midi=(116, 117)),
        row("split", "f", unit, (0.0,), "How much the timbre comes from the timbre pad's place; the rhythm stays.",
            midi=(118,)),
        row("spread", "f", (0.0, 2.0), (0.8,), "How much the four loops of the deck differ.", unit="sigma", midi=(18,)),
        row("width", "f", unit, (0.7,), "How far apart the four loops stand, from mono to wide; mono below 150 Hz.",
            midi=(19,), smoothing_ms=mixed),
        row("balance", "ff", unit, (0.5, 0.5), "Which of the four loops is loudest: right, then up; 0.5 0.5 is all.",
            midi=(25, 26), smoothing_ms=mixed),
        row("transpose", "i", (-12.0, 12.0), (0.0,), "Pitch of bass and pads; drums stay as they are.",
            unit="semitones", midi=(27,)),
        row("trim", "f", (-12.0, 12.0), (0.0,), "Louder or softer than the other decks.", unit="dB", midi=(28,),
            smoothing_ms=mixed),
        row("low", "f", unit, (0.5,), "Equalizer below 250 Hz: 0 kills, 0.5 leaves as it is, 1 doubles.", midi=(29,),
            smoothing_ms=mixed),
        row("mid", "f", unit, (0.5,), "Equalizer from 250 Hz to 2.5 kHz.", midi=(30,), smoothing_ms=mixed),
        row("high", "f", unit, (0.5,), "Equalizer above 2.5 kHz.", midi=(31,), smoothing_ms=mixed),
        row("filter", "f", (-1.0, 1.0), (0.0,), "Low-pass below 0, high-pass above.", midi=(74,), smoothing_ms=mixed),
        row("send", "f", unit, (0.0,), "How much goes into the echo.", midi=(91,), smoothing_ms=mixed),
        row("level", "f", unit, (0.8 if deck == 1 else 0.0,), "Fader of the deck; its square is the gain.", midi=(7,),
            smoothing_ms=mixed),
        row("assign", "i", (-1.0, 1.0), (0.0,), "Side of the crossfader: -1 left, 1 right, 0 neither.", midi=(88,)),
        row("mute", "i", switch, (0.0,), "1 silences the deck.", midi=(80,), notes=(44,), smoothing_ms=mixed),
        row("cue", "i", switch, (0.0,), "1 sends the deck to the headphones, what has arrived before it is flipped to.",
            midi=(81,), notes=(45,), smoothing_ms=mixed),
        row("freeze", "i", switch, (0.0,), "1 keeps the loop as it is, whatever moves.", midi=(82,), notes=(46,)),
        row("flip", "i", (0.0, 3.0), (0.0,), "When a new loop is heard: 0 now, 1 on the beat, 2 on the bar, "
            "3 on the loop.", midi=(83,)),
        row("repeat", "i", (0.0, 4.0), (0.0,), "Beat repeat: 0 off, else 1/4, 1/8, 1/16 or 1/32.", midi=(84,)),
        row("rotate", "i", (-16.0, 16.0), (0.0,), "Moves the loop against the clock.", unit="sixteenths", midi=(85,)),
        row("bars", "i", (1.0, 2.0), (2.0,), "1 plays the first bar alone.", midi=(86,)),
    ]  # fmt: skip


def master_controls() -> list[Control]:
    """List the controls behind the decks."""

    def row(
        path: str, limits: tuple[float, float], default: float, text: str, *, unit: str = "", types: str = "f",
        midi: tuple[int, ...] = (), smoothing_ms: float = SMOOTHING_MS, springs: bool = False,
    ) -> Control:  # fmt: skip
        return Control(
            path=path,
            springs=springs,
            types=types,
            minimum=limits[0],
            maximum=limits[1],
            default=(default,),
            unit=unit,
            smoothing_ms=smoothing_ms,
            help=text,
            midi_channel=MASTER_MIDI_CHANNEL,
            midi_controllers=midi,
        )

    return [
        row("/tempo", TEMPO_RANGE_BPM, 120.0, "Tempo of all decks; pitch stays.", unit="BPM", smoothing_ms=0.0),
        row("/nudge", (-1.0, 1.0), 0.0, "Up to 4 % slower or faster while it is held, to slide onto another player's "
            "beat.", midi=(10,), smoothing_ms=0.0, springs=True),
        row("/crossfader", (-1.0, 1.0), 0.0, "Between the decks assigned to the left and those to the right.",
            midi=(8,)),
        row("/echo/time", (0.125, 4.0), 0.75, "Time between two echoes.", unit="beats", midi=(12,)),
        row("/echo/feedback", (0.0, 0.95), 0.5, "How much of each echo comes again.", midi=(13,)),
        row("/echo/level", (0.0, 1.0), 0.8, "How loud the echo is.", midi=(14,)),
        row("/cue/level", (0.0, 1.0), 0.8, "Level of the headphones; its square is the gain.", midi=(9,)),
        row("/panic", (0.0, 1.0), 0.0, "1 silences everything at once, echo included; 0 lets the decks back in.",
            types="i", midi=(120,), smoothing_ms=0.0),
        row("/record", (0.0, 1.0), 0.0, "1 records the master, and beside it the control log.", types="i", midi=(15,),
            smoothing_ms=0.0),
        row("/midi/clock", (0.0, 2.0), 0.0, "MIDI clock: 0 none, 1 is sent to every port, 2 is followed.", types="i",
            smoothing_ms=0.0),
        row("/midi/offset", (-200.0, 200.0), 0.0, "How much later than the MIDI clock the music is to be heard: both "
            "take their time to arrive.", unit="ms", smoothing_ms=0.0),
        row("/master/level", (0.0, 1.0), 0.8, "Fader of the whole mix; its square is the gain.", midi=(7,)),
    ]  # fmt: skip


CONTROLS: tuple[Control, ...] = (
    *(row for deck in range(1, N_DECKS + 1) for row in deck_controls(deck)),
    *master_controls(),
)
"""Every control of the instrument."""

CONTROLS_BY_PATH = {control.path: control for control in CONTROLS}

SLOTS = {
    control.path: slice(start, start + len(control.types))
    for control, start in zip(
        CONTROLS, np.cumsum([0] + [len(control.types) for control in CONTROLS[:-1]]).tolist(), strict=True
    )
}
"""Where each control's values stand in the array of values that the processes share."""

LEVEL_SLOTS = [SLOTS[f"/deck/{deck}/level"].start for deck in range(1, N_DECKS + 1)]
"""Where the decks' levels stand."""
DECK_STRIDE = SLOTS["/deck/2/model"].start - SLOTS["/deck/1/model"].start
"""Values of a deck; those of the next deck follow."""

N_SETTINGS = 17 + len(DIRECTION_NAMES)
"""Values that a loop is drawn from: see `settings.DeckSettings`."""
N_VALUES = sum(len(control.types) for control in CONTROLS)

BY_MIDI = {
    (control.midi_channel, controller): (control, index)
    for control in CONTROLS
    for index, controller in enumerate(control.midi_controllers)
}
"""Control and index of its value for each MIDI channel (1 to 16) and controller number."""
CONTROLS_BY_NOTE = {(control.midi_channel, note): control for control in CONTROLS for note in control.midi_notes}
"""Control that is switched over, for each MIDI channel and note."""


def default_values() -> np.ndarray:
    """Make the array of all controls' values as they are at start.

    Returns
    -------
    np.ndarray [shape=(N_VALUES,)]
        float64, in the order of `SLOTS`.
    """
    return np.array([value for control in CONTROLS for value in control.default])


def find_control(path: str) -> Control:
    """Find a control by its address.

    Raises
    ------
    ControlError
        If there is none of that name.
    """
    if path not in CONTROLS_BY_PATH:
        raise ControlError(
            f"{path} is not a control; needed is an address such as /deck/1/density; see 'loopmorph controls'"
        )
    return CONTROLS_BY_PATH[path]
