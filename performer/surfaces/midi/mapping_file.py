"""Mapping files: TOML -> `Mapping`, checked to the last key, and back.

Of an entry whose values are lists, each item is an entry, and `{n}` in an address counts them from 1::

    name = "Two faders"
    ports = ["TwoFaders"]               # parts of the names of its ports

    [[map]]
    cc = [7, 8]
    channel = 1
    control = "/deck/{n}/level"

    [[map]]
    note = 36
    channel = 1
    control = "/deck/1/mute"
    light = { note = 36, channel = 1 }  # shows what the control is
"""

import math
import pathlib
import tomllib
from collections.abc import Iterator
from typing import Any

from performer.actions import Action, Naming, find_row
from performer.errors import ControlError, PerformerError
from performer.surfaces.midi.mapping import Entry, Light, Mapping, make_entry
from performer.surfaces.midi.modes import BUTTON_MODES, FINE_OFFSET, FOURTEEN_BITS, KNOB_MODES, SEVEN_BITS, Source

KINDS = ("cc", "note", "bend")
MAP_KEYS = {*KINDS, "channel", "control", "action", "index", "mode", "value", "off", "range", "takeover", "light"}
LIGHT_KEYS = {*KINDS, "channel", "on", "off"}
FILE_KEYS = {"name", "ports", "chart", "map"}
WHOLE_LISTS = {"range"}
"""Keys whose value is a list by itself."""
HEAD = """# What was learned on this controller. Loopmorph writes this file anew whenever something is learned, and
# keeps no comments. docs/midi.md tells what may stand here.
"""

Table = dict[str, Any]


class MappingError(PerformerError):
    """A file that is no mapping."""


def read_mapping(path: pathlib.Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    MappingError
        If it cannot be read, or anything in it is not as it must be.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MappingError(f"{path} cannot be read ({error}); a mapping file is needed") from error
    return parse_mapping(text, where=path.name)


def parse_mapping(text: str, *, where: str) -> Mapping:
    """Read a mapping.

    Parameters
    ----------
    text : str
        TOML.
    where : str
        What it is called in messages.

    Raises
    ------
    MappingError
        If anything in it is not as it must be.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(f"{where} is no TOML ({error}); mend that line") from error
    refuse_unknown(table, FILE_KEYS, where=where)
    name, ports, rows = table.get("name"), table.get("ports"), table.get("map", [])
    if not isinstance(name, str) or not name:
        raise MappingError(f'{where}: name is {name!r}, the controller\'s name is needed; add name = "..."')
    if not is_list_of(ports, str) or not ports or not all(ports):
        raise MappingError(f'{where}: ports is {ports!r}, parts of port names are needed; add ports = ["..."]')
    if not is_list_of(rows, dict):
        raise MappingError(f"{where}: map is {rows!r:.40}, tables are needed; write each under [[map]]")
    entries = []
    for number, row in enumerate(rows, 1):
        place = f"{where}, map {number}"
        refuse_unknown(row, MAP_KEYS, where=place)
        entries += [read_entry(single, where=place) for single in expand(row, where=place)]
    refuse_doubles(entries, where=where)
    return Mapping(name=name, ports=tuple(ports), entries=tuple(entries), chart=str(table.get("chart", "")))


def is_list_of(value: object, kind: type) -> bool:
    """Whether a value is a list of one kind of things."""
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def refuse_unknown(table: Table, known: set[str], *, where: str) -> None:
    """Refuse keys that mean nothing."""
    unknown = sorted(set(table) - known)
    if unknown:
        raise MappingError(f"{where}: {unknown[0]} is not known; keys are {', '.join(sorted(known))}; mend its name")


def refuse_doubles(entries: list[Entry], *, where: str) -> None:
    """Refuse two entries for one knob."""
    seen: set[Source] = set()
    for source in (source for entry in entries for source in entry.sources):
        if source in seen:
            raise MappingError(f"{where}: {source} is there twice, once is needed; take one away")
        seen.add(source)


def expand(row: Table, *, where: str) -> Iterator[Table]:
    """Turn a row whose values are lists into one row for each of their items.

    Yields
    ------
    dict
        `{n}` in an address is replaced by the row's number, from 1.
    """
    light = row.get("light")
    flat = {**row, **{f"light.{key}": value for key, value in light.items()}} if isinstance(light, dict) else dict(row)
    lengths = {len(value) for key, value in flat.items() if isinstance(value, list) and key not in WHOLE_LISTS}
    if len(lengths) > 1 or 0 in lengths:
        raise MappingError(f"{where}: lists of {' and '.join(map(str, sorted(lengths)))} items; make them equally long")
    for item in range(max(lengths, default=1)):
        single = {
            key: value[item] if isinstance(value, list) and key not in WHOLE_LISTS else value
            for key, value in flat.items()
        }
        for key in ("control", "action"):
            if isinstance(single.get(key), str):
                single[key] = single[key].replace("{n}", str(item + 1))
        if isinstance(light, dict):
            single["light"] = {key: single.pop(f"light.{key}") for key in light}
        yield single


def read_entry(row: Table, *, where: str) -> Entry:
    """Read one entry; raises as `parse_mapping` does."""
    source = read_source(row, where=where)
    if ("control" in row) == ("action" in row):
        raise MappingError(f"{where}: control or action is needed, one of them; name what {source} is for")
    path, index = row.get("control", row.get("action")), read_whole(row, "index", 0, (0, 3), where=where)
    try:
        target = find_row(str(path))
    except ControlError as error:
        raise MappingError(f"{where}: {error}") from error
    if isinstance(target, Action) != ("action" in row) or isinstance(target, Naming) or index >= len(target.types):
        kind = "action" if "action" in row else "control's value"
        raise MappingError(f"{where}: {path} {index} is no {kind}; see 'loopmorph controls'")
    mode = row.get("mode")
    if mode not in (None, *KNOB_MODES, *BUTTON_MODES):
        known = ", ".join((*KNOB_MODES, *BUTTON_MODES))
        raise MappingError(f"{where}: mode is {mode!r}, one of {known} is needed")
    takeover = row.get("takeover")
    if not isinstance(takeover, bool | None):
        raise MappingError(f"{where}: takeover is {takeover!r}, true or false is needed")
    entry = make_entry(
        source,
        target,
        index=index,
        mode=mode,
        on=read_number(row, "value", where=where),
        off=read_number(row, "off", where=where),
        limits=read_limits(row, where=where),
        takeover=takeover,
        light=read_light(row["light"], source, where=where) if "light" in row else None,
    )
    check_entry(entry, where=where)
    return entry


def check_entry(entry: Entry, *, where: str) -> None:
    """Refuse an entry whose parts do not fit together; raises as `parse_mapping` does."""
    target, source = entry.target, entry.source
    is_pair = entry.mode == "14-bit"
    if is_pair and (source.kind != "cc" or source.number >= FINE_OFFSET):
        raise MappingError(f"{where}: {source} is no upper half of 14 bits; a controller from 0 to 31 is needed")
    if source.kind != "cc" and entry.mode in KNOB_MODES and (source.kind, entry.mode) != ("bend", "absolute"):
        raise MappingError(f"{where}: {source} cannot be {entry.mode}; leave mode out")
    try:
        if isinstance(target, Action):
            if entry.mode not in ("trigger", "absolute") or (entry.mode == "absolute") != (len(target.types) == 2):
                needed = "absolute (a knob)" if len(target.types) == 2 else "trigger"
                raise MappingError(f"{where}: mode is {entry.mode}, {target.path} needs {needed}")
            target.accept([entry.on, entry.limits[0]][: len(target.types)])
            return
        numbers = (entry.on, entry.off) if entry.is_button else entry.limits
        for number in numbers:
            if not target.minimum <= number <= target.maximum:
                raise MappingError(f"{where}: {target.path} is {number:g}, {target.describe_range()} is needed")
            target.accept_one(number, target.types[entry.index])
    except ControlError as error:
        raise MappingError(f"{where}: {error}") from error


def read_source(row: Table, *, where: str) -> Source:
    """Read which message is meant."""
    kinds = [kind for kind in KINDS if kind in row]
    if len(kinds) != 1:
        raise MappingError(f"{where}: {' and '.join(kinds) or 'nothing'} is given; one of cc, note and bend is needed")
    kind = kinds[0]
    channel = read_whole(row, "channel", None, (1, 16), where=where)
    if kind == "bend":
        if row["bend"] is not True:
            raise MappingError(f"{where}: bend is {row['bend']!r}, true is needed")
        return Source(kind="bend", channel=channel)
    return Source(kind=kind, channel=channel, number=read_whole(row, kind, None, (0, SEVEN_BITS), where=where))


def read_light(table: object, source: Source, *, where: str) -> Light:
    """Read what shows the state; `true` is the same message that the knob or button sends."""
    if table is True:
        return Light(source=source)
    if not isinstance(table, dict):
        raise MappingError(f"{where}: light is {table!r}, true or a table is needed; write light = true")
    refuse_unknown(table, LIGHT_KEYS, where=f"{where}, light")
    place = f"{where}, light"
    shown = read_source(table, where=place) if set(table) & {*KINDS, "channel"} else source
    most = FOURTEEN_BITS if shown.kind == "bend" else SEVEN_BITS
    on, off = (read_whole(table, key, value, (0, most), where=place) for key, value in (("on", most), ("off", 0)))
    return Light(source=shown, on=on, off=off)


def read_whole(table: Table, key: str, default: int | None, limits: tuple[int, int], *, where: str) -> int:
    """Read a whole number."""
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not limits[0] <= value <= limits[1]:
        raise MappingError(f"{where}: {key} is {value!r}, a whole number from {limits[0]} to {limits[1]} is needed")
    return value


def read_number(table: Table, key: str, *, where: str) -> float | None:
    """Read a number, if it is there."""
    value = table.get(key)
    if value is not None and (
        not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value)
    ):
        raise MappingError(f"{where}: {key} is {value!r}, a number is needed")
    return None if value is None else float(value)


def read_limits(table: Table, *, where: str) -> tuple[float, float] | None:
    """Read the part of a range, if it is there."""
    value = table.get("range")
    if value is None:
        return None
    numbers = [read_number({"range": item}, "range", where=where) for item in value] if isinstance(value, list) else []
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None or numbers[0] == numbers[1]:
        raise MappingError(f"{where}: range is {value!r}, two different numbers are needed, such as [0, 0.5]")
    return numbers[0], numbers[1]


def write_mapping(mapping: Mapping) -> str:
    """Write a mapping as TOML; `parse_mapping` reads the same again."""
    ports = ", ".join(map(quoted, mapping.ports))
    head = f"name = {quoted(mapping.name)}\nports = [{ports}]\n"
    head += f"chart = {quoted(mapping.chart)}\n" if mapping.chart else ""
    return HEAD + head + "".join(write_entry(entry) for entry in mapping.entries)


def quoted(text: str) -> str:
    """Write a string as TOML."""
    escaped = (f"\\u{ord(letter):04x}" if ord(letter) < 32 or letter in '"\\\x7f' else letter for letter in text)
    return f'"{"".join(escaped)}"'


def write_source(source: Source) -> str:
    """Write a source as the inside of a TOML table."""
    number = "true" if source.kind == "bend" else source.number
    return f"{source.kind} = {number}\nchannel = {source.channel}\n"


def write_entry(entry: Entry) -> str:
    """Write an entry as a TOML table."""
    is_action = isinstance(entry.target, Action)
    lines = [f"\n[[map]]\n{write_source(entry.source)}"]
    lines.append(f"{'action' if is_action else 'control'} = {quoted(entry.target.path)}\n")
    lines.append(f"index = {entry.index}\n" if entry.index else "")
    lines.append(f"mode = {quoted(entry.mode)}\n")
    if entry.is_button or is_action:
        lines.append(f"value = {entry.on!r}\n" + ("" if is_action else f"off = {entry.off!r}\n"))
    if not entry.is_button:
        lines.append(f"range = [{entry.limits[0]!r}, {entry.limits[1]!r}]\ntakeover = {str(entry.takeover).lower()}\n")
    if entry.light is not None:
        source = write_source(entry.light.source).strip().replace("\n", ", ")
        lines.append(f"light = {{ {source}, on = {entry.light.on}, off = {entry.light.off} }}\n")
    return "".join(lines)
