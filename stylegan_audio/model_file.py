"""The model file: everything a loop model says about itself, read and written without torch."""

import dataclasses
import json
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from melgan_vocoder.format import FORMATS, LoopFormat, MelFormat
from melgan_vocoder.json_entry import read_fields, read_json
from melgan_vocoder.weights_file import WeightsHeader, read_header, read_tensors, write_weights
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError
from stylegan_audio.presets import preset_tensor, read_presets, require_presets

KIND = "loopmorph model"
VERSION = 1
CARD_KEYS = ("corpus", "license", "provenance", "kimg", "metrics")
"""What every model card must say."""
ROLES = ("rhythm", "bass", "pad", "texture")

NamedVectors = Mapping[str, tuple[Mapping[str, Any], np.ndarray]]
"""By name: what the file says of a vector of W in JSON, and the vector, float32 `[w_dim]`."""
DirectionParts = Mapping[str, tuple[Mapping[str, Any], np.ndarray | None]]
"""The same of directions; those that follow the attribute map have no vector."""
MapParts = tuple[Mapping[str, Any], Mapping[str, np.ndarray]]
"""What the file says of the attribute map in JSON, and its tensors by name."""
MAP = "attributes."
"""Begin of the names of its tensors in the file."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelIdentity:
    """Who a model is and where its sound comes from."""

    name: str
    """Short name, as typed after `--model`: lower-case letters, digits, `-` and `_`."""
    genre: str
    """Musical genre, in words."""
    role: str
    """One of `ROLES`."""
    key: str | None = None
    """Musical key such as `A minor`; None for unpitched models."""
    card: Mapping[str, Any]
    """The model card; at least `CARD_KEYS`."""

    def __post_init__(self) -> None:
        texts = {"name": self.name, "genre": self.genre, "role": self.role, "key": self.key or ""}
        for field, text in texts.items():
            if not isinstance(text, str):
                raise ModelError(f"model {self.name!r}: {field} {text!r} must be a text; correct it")
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", self.name):
            raise ModelError(
                f"model name {self.name!r}: 1 to 32 lower-case letters, digits, '-' and '_' are needed; rename it"
            )
        if self.role not in ROLES:
            raise ModelError(f"model {self.name!r}: role {self.role!r} must be one of {', '.join(ROLES)}; correct it")
        missing = [key for key in CARD_KEYS if key not in self.card]
        if missing:
            raise ModelError(f"model {self.name!r}: its card lacks {', '.join(missing)}; complete the card")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelHeader:
    """A checked model file whose generator has not been read."""

    weights: WeightsHeader
    """The file underneath."""
    identity: ModelIdentity
    """Name, role, key and card."""
    config: ModelConfig
    """Sizes of the generator."""
    directions: tuple[Mapping[str, Any], ...]
    """Entries of the direction table, as `directions.table` understands them."""
    preset_entries: tuple[Mapping[str, Any], ...]
    """Entries of the presets, each with its `name`, in their order."""

    @property
    def name(self) -> str:
        """The model's short name."""
        return self.identity.name

    @property
    def mel_format(self) -> LoopFormat:
        """The format of its spectrograms."""
        return self.weights.mel_format

    @property
    def presets(self) -> tuple[str, ...]:
        """Names of the presets, in their order."""
        return tuple(entry["name"] for entry in self.preset_entries)

    def direction_vector(self, name: str) -> np.ndarray:
        """Read the unit vector of a direction.

        Parameters
        ----------
        name : str
            A direction of this model.

        Returns
        -------
        np.ndarray [shape=(w_dim,)]
            float32.
        """
        return self.vector(direction_tensor(name))

    def preset_vector(self, name: str) -> np.ndarray:
        """Read the place of a preset in W.

        Parameters
        ----------
        name : str
            A preset of this model.

        Returns
        -------
        np.ndarray [shape=(w_dim,)]
            float32, not truncated: as of a seed, what plays it pulls it towards the mean.
        """
        return self.vector(preset_tensor(name))

    def vector(self, tensor: str) -> np.ndarray:
        """Read a tensor that is a vector of W, float32 `[w_dim]`."""
        return read_tensors(self.weights, [tensor])[tensor].astype(np.float32)

    def generator_state(self) -> dict[str, np.ndarray]:
        """Read the generator's tensors by name, float16 as they are in the file."""
        names = [name for name in self.weights.shapes if not name.startswith(("direction.", "preset.", MAP))]
        return read_tensors(self.weights, names)

    def attribute_map(self) -> MapParts | None:
        """Read the attribute map that directions follow, as `write_model` takes it; None if there is none."""
        names = [name for name in self.weights.shapes if name.startswith(MAP)]
        if not names:
            return None
        entry = read_json(self.weights.metadata.get("attributes"), entry="attributes", source=self.weights.source)
        tensors = read_tensors(self.weights, names)
        return entry, {name.removeprefix(MAP): tensor for name, tensor in tensors.items()}

    def direction_table(self) -> DirectionParts:
        """Read entry and unit vector, if any, of each direction, as `write_model` takes them."""
        names = [entry["name"] for entry in self.directions]
        vectors = {name: self.direction_vector(name) for name in names if direction_tensor(name) in self.weights.shapes}
        return {entry["name"]: (entry, vectors.get(entry["name"])) for entry in self.directions}

    def preset_table(self) -> NamedVectors:
        """Read entry and mapped latent of each preset, as `write_model` takes them."""
        return {entry["name"]: (entry, self.preset_vector(entry["name"])) for entry in self.preset_entries}


def read_model_header(path: pathlib.Path) -> ModelHeader:
    """Read and check what a model file says about itself.

    Parameters
    ----------
    path : pathlib.Path
        A model file.

    Returns
    -------
    ModelHeader
        Version, MelFormat, architecture and card have been checked.

    Raises
    ------
    LoopmorphError
        If the file is missing, broken, of another kind, version or MelFormat, or if its architecture, card,
        direction table or presets cannot be read.
    """
    weights = read_header(path, kind=KIND, version=VERSION)
    FORMATS.get(weights.mel_format.version, MelFormat()).require(weights.mel_format, source=weights.source)
    source, entries = weights.source, weights.metadata
    config = ModelConfig.from_json(entries.get("architecture"), source=source)
    config.require_fits(weights.mel_format, source=source)
    names = {field.name for field in dataclasses.fields(ModelIdentity)}
    try:
        identity = ModelIdentity(**read_fields(entries.get("identity"), names, entry="identity", source=source))
    except (TypeError, ModelError) as error:
        raise ModelError(f"{source}: its identity cannot be read: {error}") from error
    directions = read_json(entries.get("directions"), entry="directions", source=source)
    if not isinstance(directions, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in directions
    ):
        raise ModelError(f"{source}: its direction entries are no list of objects with names; export the file again")
    presets = read_presets(entries.get("presets"), weights.shapes, w_dim=config.w_dim, source=source)
    return ModelHeader(
        weights=weights, identity=identity, config=config, directions=tuple(directions), preset_entries=presets
    )


def write_model(
    path: pathlib.Path,
    generator_tensors: Mapping[str, np.ndarray],
    *,
    identity: ModelIdentity,
    config: ModelConfig,
    mel_format: LoopFormat,
    directions: DirectionParts | None = None,
    attribute_map: MapParts | None = None,
    presets: NamedVectors | None = None,
) -> None:
    """Write a model file, weights in float16.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes.
    generator_tensors : mapping of str to np.ndarray
        The generator's state by name.
    identity : ModelIdentity
        Name, role, key and card.
    config : ModelConfig
        Sizes of the generator.
    mel_format : LoopFormat
        The format of its spectrograms.
    directions : mapping of str to (entry, vector), optional
        The direction table: JSON entry and unit vector, if it has one, by name.
    attribute_map : (entry, tensors), optional
        What directions without a vector follow: JSON entry and tensors by name, written in float16.
    presets : mapping of str to (entry, vector), optional
        The presets: JSON entry and mapped latent, not truncated, by name.

    Raises
    ------
    ModelError
        If a tensor is not finite in float16, or a preset does not fit the model.
    """
    table, places = dict(directions or {}), dict(presets or {})
    with np.errstate(over="ignore"):
        tensors = {name: array.astype(np.float16) for name, array in generator_tensors.items()}
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ModelError(f"{path.name}: tensor {name} is not finite in float16, it must be; train it further")
    tensors |= {
        direction_tensor(name): vector.astype(np.float32) for name, (_, vector) in table.items() if vector is not None
    }
    map_entry, map_tensors = attribute_map or ({}, {})
    tensors |= {MAP + name: tensor.astype(np.float16) for name, tensor in map_tensors.items()}
    tensors |= {preset_tensor(name): vector.astype(np.float32) for name, (_, vector) in places.items()}
    shapes = {name: array.shape for name, array in tensors.items()}
    require_presets(list(places), shapes, w_dim=config.w_dim, source=path.name)
    for name, (_, vector) in places.items():
        if not np.isfinite(vector).all():
            raise ModelError(f"{path.name}: preset {name!r} holds NaN or infinity, numbers are needed; find it again")
    metadata = {
        "architecture": config.to_json(),
        "identity": json.dumps(dataclasses.asdict(identity)),
        "directions": json.dumps([entry for entry, _ in table.values()]),
        **({"attributes": json.dumps(map_entry)} if map_tensors else {}),
        "presets": json.dumps([{**entry, "name": name} for name, (entry, _) in places.items()]),
    }
    write_weights(path, tensors, kind=KIND, version=VERSION, mel_format=mel_format, metadata=metadata)


def direction_tensor(name: str) -> str:
    """Name of the tensor that holds a direction's unit vector."""
    return f"direction.{name}"
