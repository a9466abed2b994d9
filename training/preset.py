"""YAML -> settings: presets, and the settings that lie beside a run."""

import dataclasses
import pathlib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import yaml

from melgan_vocoder.errors import LoopmorphError
from training.errors import TrainingError

Config = TypeVar("Config")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Presets(Generic[Config]):
    """The presets of one kind of training."""

    package: str
    """Package in whose folder `presets` they lie."""
    kind: type[Config]
    """Dataclass of its settings; its field `preset` is filled in."""
    what: str
    """What is trained, for the error message."""

    def names(self) -> list[str]:
        """Names of the presets that come with the package."""
        files = resources.files(self.package).joinpath("presets").iterdir()
        return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))

    def load(self, name: str) -> Config:
        """Read a preset that comes with the package.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        Config
            Its settings; `preset` is the name.

        Raises
        ------
        TrainingError
            If there is no such preset.
        """
        if name not in self.names():
            raise TrainingError(
                f"{self.what} preset {name!r} is unknown, one of {', '.join(self.names())} is needed; choose with "
                "--preset"
            )
        text = resources.files(self.package).joinpath("presets", f"{name}.yaml").read_text(encoding="utf-8")
        config: Any = self.read(text, source=f"{name}.yaml")
        return dataclasses.replace(config, preset=name)

    def read(self, text: str, *, source: str) -> Config:
        """Read settings from YAML; what is not named keeps its default.

        Parameters
        ----------
        text : str
            The YAML.
        source : str
            Name of the file, for the error message.

        Returns
        -------
        Config
            The settings.

        Raises
        ------
        TrainingError
            If it is no YAML mapping, names an unknown setting, or a value is of the wrong kind or impossible.
        """
        try:
            settings = yaml.safe_load(text)
        except yaml.YAMLError as error:
            reason = " ".join(str(error).split())
            raise TrainingError(
                f"{source}: no YAML ({reason[:120]}); a mapping of settings is needed; correct it"
            ) from error
        try:
            return read_section(self.kind, settings or {}, name="settings")
        except LoopmorphError as error:
            raise TrainingError(f"{source}: {error}") from error

    def keep(self, folder: pathlib.Path, config: Config, *, is_begun: bool) -> None:
        """Save a new run's settings beside it; compare those of one that has begun.

        Parameters
        ----------
        folder : pathlib.Path
            The run's folder; made if missing.
        config : Config
            The settings.
        is_begun : bool
            Whether the folder holds a checkpoint, not only what a start that failed has left.

        Raises
        ------
        TrainingError
            If they differ in more than limits and intervals.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "config.yaml"
        if is_begun and path.is_file():
            require_same(self.read(path.read_text(encoding="utf-8"), source=str(path)), config, source=str(folder))
        write_config(path, config)


def read_section(kind: type, settings: object, *, name: str) -> Any:
    """Fill a dataclass of settings from a mapping.

    Raises
    ------
    TrainingError
        If a setting is unknown or a value is of the wrong kind.
    """
    if not isinstance(settings, Mapping):
        raise TrainingError(f"{name} is {settings!r}, a mapping of settings is needed; correct it")
    types = get_type_hints(kind)
    for key in settings:
        if key not in types:
            raise TrainingError(
                f"{name} has {key!r}, one of {', '.join(sorted(types))} is needed; correct or remove it"
            )
    return kind(**{key: read_value(types[key], value, name=key) for key, value in settings.items()})


def read_value(kind: Any, value: object, *, name: str) -> Any:
    """Turn a YAML value into what a setting needs.

    Raises
    ------
    TrainingError
        If it is of the wrong kind.
    """
    if dataclasses.is_dataclass(kind):
        return read_section(kind, value, name=name)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        if not isinstance(value, list):
            raise TrainingError(f"{name} is {value!r}, a list is needed; correct it")
        return tuple(read_value(item, entry, name=name) for entry in value)
    if kind is float and type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]
    if kind is int or kind is float or kind is bool:
        if type(value) is not kind:
            word = {int: "a whole number", float: "a number (1e-3 is written 1.0e-3)", bool: "true or false"}[kind]
            raise TrainingError(f"{name} is {value!r}, {word} is needed; correct it")
        return value
    if not isinstance(value, str):
        raise TrainingError(f"{name} is {value!r}, a word is needed; correct it")
    return value


def write_config(path: pathlib.Path, config: Any) -> None:
    """Write settings as YAML that `read_config` reads, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(yaml.safe_dump(as_mapping(config), sort_keys=False), encoding="utf-8")
    partial.replace(path)


def as_mapping(config: Any) -> dict[str, Any]:
    """Turn settings into plain mappings, lists and numbers."""
    return {key: plain(value) for key, value in dataclasses.asdict(config).items()}


def plain(value: Any) -> Any:
    """Rid a value of tuples, which YAML lacks."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, tuple | list) else value


def require_same(saved: Any, wanted: Any, *, source: str) -> None:
    """Check that a run is continued with the settings it was started with; limits and intervals may differ.

    Parameters
    ----------
    saved, wanted : dataclass of settings
        Settings of the run, and of the command.
    source : str
        The run's folder, for the error message.

    Raises
    ------
    TrainingError
        Naming the first settings that differ.
    """
    before, after = flat(as_mapping(saved)), flat(as_mapping(wanted))
    keys = [key for key in {**before, **after} if not key.startswith("run.") and before.get(key) != after.get(key)]
    if "corpus" in keys:
        raise TrainingError(f"{source}: its run learns from another corpus; give that one, or choose another folder")
    if keys:
        differing = ", ".join(f"{key} {before.get(key)} where {after.get(key)} is asked for" for key in keys[:3])
        raise TrainingError(
            f"{source}: its run has {differing}; the settings that it was started with are needed; choose that preset "
            "and seed, or another folder"
        )


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one mapping with dotted names."""
    entries: dict[str, Any] = {}
    for key, value in settings.items():
        entries |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return entries
