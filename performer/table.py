"""Tables for the terminal."""

from typing import Any


def print_table(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Print rows as a table."""
    from rich.console import Console  # noqa: PLC0415 - rich, only where a table is printed
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2))
    for column in columns:
        table.add_column(
            column, overflow="fold", no_wrap=column in ("address", "name", "range", "default", "MIDI ch: CC")
        )
    for row in rows:
        table.add_row(*("" if cell is None else Text(str(cell)) for cell in row))
    Console(markup=False, emoji=False).print(table)
