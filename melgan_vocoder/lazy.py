"""Names of a package that are loaded when first used: torch and other heavy parts come only to who needs them."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def load_later(package: str, rooms: Mapping[str, str]) -> Callable[[str], Any]:
    """Make the function `__getattr__` of a package.

    Parameters
    ----------
    package : str
        The package's name.
    rooms : mapping
        Module of the package by each name that it holds.

    Returns
    -------
    callable
        Loads a name; AttributeError if the package offers none such.

    References
    ----------
    PEP 562, "Module __getattr__ and __dir__".
    """

    def load(name: str) -> Any:
        if name not in rooms:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{rooms[name]}"), name)

    return load
