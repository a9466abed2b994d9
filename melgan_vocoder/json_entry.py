"""JSON entries of a weights file's header, read with one kind of error."""

import json
from typing import Any

from melgan_vocoder.errors import VocoderError


def read_json(text: str | None, *, entry: str, source: str) -> Any:
    """Read the JSON of an entry.

    Parameters
    ----------
    text : str or None
        The entry; None if the file has none.
    entry : str
        Its name, for the error message.
    source : str
        Name of the file, for the error message.

    Returns
    -------
    object
        What the JSON says.

    Raises
    ------
    VocoderError
        If the entry is missing or no JSON.
    """
    if text is None:
        raise VocoderError(f"{source}: entry {entry!r} is missing, it is needed; export the file again")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VocoderError(
            f"{source}: entry {entry!r} {text[:40]!r} is no JSON ({error}), it is needed; export the file again"
        ) from error


def read_fields(text: str | None, names: set[str], *, entry: str, source: str) -> dict[str, Any]:
    """Read an entry that must be an object with exactly certain fields.

    Parameters
    ----------
    text, entry, source
        As in `read_json`.
    names : set of str
        The fields.

    Returns
    -------
    dict of str to object
        The fields' values.

    Raises
    ------
    VocoderError
        If the entry is missing, no JSON, no object, or has other fields.
    """
    fields = read_json(text, entry=entry, source=source)
    if not isinstance(fields, dict):
        raise VocoderError(
            f"{source}: entry {entry!r} is {str(fields)[:40]!r}, an object with the fields {', '.join(sorted(names))} "
            "is needed; export the file again"
        )
    lacking, unknown = sorted(names - set(fields)), sorted(set(fields) - names)
    if lacking or unknown:
        got = [f"lacks {', '.join(lacking)}"] * bool(lacking) + [f"has {', '.join(unknown)[:80]}"] * bool(unknown)
        raise VocoderError(
            f"{source}: entry {entry!r} {' and '.join(got)}, other fields are needed; export the file again with this "
            "version of loopmorph"
        )
    return fields
