"""What a deck can do with a model: the direction that each of its controls plays, and its presets."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from directions.table import HOLD, Direction, read_directions
from melgan_vocoder.errors import LoopmorphError
from performer.controls import N_DECKS, SLOTS
from performer.direction_names import COMPONENTS, DIRECTION_NAMES, FINE, NAMED, OWN
from performer.errors import ControlError
from stylegan_audio.model_file import ModelHeader, read_model_header

LACKING = "the model has no such direction"
TAKEN = f"{OWN[0]} to {OWN[-1]} play others"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Repertoire:
    """A model's directions and presets, as a deck plays them; without arguments, that of a model without any."""

    directions: Mapping[str, Direction] = dataclasses.field(default_factory=dict)
    """What each control plays, by its name in `DIRECTION_NAMES`; controls that do nothing are left out."""
    held: Mapping[str, Direction] = dataclasses.field(default_factory=dict)
    """The same while the deck holds the rest: directions that leave all other attributes where they are, if any."""
    unplayed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Directions of the model that no control plays, and why, as a short sentence."""
    presets: tuple[str, ...] = ()
    """Names of its presets, in their order."""

    @property
    def labels(self) -> dict[str, str]:
        """What the direction of each control is called, by the control's name."""
        return {name: direction.name for name, direction in self.directions.items()}

    @property
    def idle(self) -> dict[str, str]:
        """Controls that do nothing, and why."""
        return {name: self.unplayed.get(name, LACKING) for name in DIRECTION_NAMES if name not in self.directions}

    def control_of(self, name: str) -> str:
        """Tell which control plays a direction.

        Parameters
        ----------
        name : str
            The direction's own name, or that of its control.

        Raises
        ------
        ControlError
            If none does.
        """
        for control, label in self.labels.items():
            if name in (control, label):
                return control
        why = self.unplayed.get(name, LACKING)
        known = f"one of {', '.join(self.labels.values())} is needed" if self.labels else "it has none at all"
        raise ControlError(f"direction {name!r} cannot be played, {why}; {known}; see 'loopmorph models'")

    def tell_idle(self) -> list[str]:
        """Say in a line a reason which controls do nothing."""
        lines: dict[str, list[str]] = {}
        for name, reason in self.idle.items():
            lines.setdefault(reason, []).append(name)
        return [f"{', '.join(names)} {'does' if len(names) == 1 else 'do'} nothing: {reason}"
                for reason, names in lines.items()]  # fmt: skip


def read_repertoire(header: ModelHeader) -> Repertoire:
    """Read what a deck can do with a model.

    Parameters
    ----------
    header : ModelHeader
        A checked model file.

    Raises
    ------
    DirectionError
        If its directions cannot be read.
    """
    table = read_directions(header)
    offered = {name: direction for name, direction in table.items() if direction.report.get("offered", True)}
    others = [name for name in offered if name not in (*NAMED, *FINE, *COMPONENTS) and not name.endswith(HOLD)]
    known = [name for name in (*NAMED, *FINE, *COMPONENTS) if name in offered]
    names = dict(zip(known, known, strict=True)) | dict(zip(OWN, others, strict=False))
    refused = {
        name: str(direction.report.get("reason", "it is not offered"))
        for name, direction in table.items()
        if name not in offered and not name.endswith(HOLD)
    }
    return Repertoire(
        directions={control: offered[names[control]] for control in DIRECTION_NAMES if control in names},
        held={control: offered.get(name + HOLD, offered[name]) for control, name in names.items()},
        unplayed=refused | dict.fromkeys(others[len(OWN) :], TAKEN),
        presets=header.presets,
    )


def read_repertoires(paths: Sequence[str]) -> tuple[Repertoire, ...]:
    """Read what decks can do with the loaded models; with one that cannot be read any more, nothing.

    Parameters
    ----------
    paths : sequence of str
        The loaded models, in their order.
    """

    def read(path: str) -> Repertoire:
        try:
            return read_repertoire(read_model_header(pathlib.Path(path)))
        except LoopmorphError:
            return Repertoire()

    return tuple(read(path) for path in paths)


def deck_repertoire(repertoires: Sequence[Repertoire], model: int) -> Repertoire:
    """Tell what a deck can do whose control names a model; one that is beyond the last plays the last."""
    return repertoires[min(model, len(repertoires) - 1)]


def direction_labels(repertoires: Sequence[Repertoire], values: np.ndarray) -> dict[str, str]:
    """Tell what the direction of each control is called on the models that the decks play now.

    Parameters
    ----------
    repertoires : sequence of Repertoire
        Of the loaded models.
    values : np.ndarray [shape=(N_VALUES,)]
        Values of all controls.

    Returns
    -------
    dict of str to str
        By the control's address; empty for one that does nothing.
    """
    labels: dict[str, str] = {}
    for deck in range(1, N_DECKS + 1):
        known = deck_repertoire(repertoires, int(values[SLOTS[f"/deck/{deck}/model"].start])).labels
        labels |= {f"/deck/{deck}/{name}": known.get(name, "") for name in DIRECTION_NAMES}
    return labels
