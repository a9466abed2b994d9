"""Which mapping a controller has: what its owner learned, over one that is shipped, or over the table of controls."""

import contextlib
import dataclasses
import functools
import pathlib
import re
import shutil
from collections.abc import Callable

from performer.session.keeper import free_name, set_aside
from performer.surfaces.midi.mapping import Entry, Mapping, built_in
from performer.surfaces.midi.mapping_file import HEAD, MappingError, read_mapping, write_mapping
from performer.surfaces.midi.ports import plain_name

SHIPPED = pathlib.Path(__file__).with_name("mappings")
FOLDER = "midi"
"""Folder of the learned mappings, beside the session."""
SET_ASIDE = re.compile(r"-(broken|before)-\d+$")

Keep = Callable[[pathlib.Path, str], None]
Remark = Callable[[str], None]


@functools.cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """Read the mappings that come with the instrument."""
    return tuple(read_mapping(path) for path in sorted(SHIPPED.glob("*.toml")))


class Library:
    """All mappings.

    Parameters
    ----------
    folder : pathlib.Path or None
        Where learned ones are kept; None keeps them in memory alone.
    keep : callable or None
        Writes a text to a file, some time soon. None, where the files belong to another, writes and moves none.
    remark : callable
        Called with a line for the performer.
    """

    def __init__(self, folder: pathlib.Path | None, *, keep: Keep | None, remark: Remark) -> None:
        self.folder = folder
        self.keep = keep
        self.has_told = False
        self.remark = remark
        self.owned: dict[str, Mapping] = {}
        """By the stem of their files."""
        self.texts: dict[str, set[bytes]] = {}
        """What has stood, or is to stand, in each file: another text is of an editor."""
        if folder is not None and folder.is_dir():
            for path in sorted(folder.glob("*.toml")):
                if not SET_ASIDE.search(path.stem):
                    self.read(path)

    def read(self, path: pathlib.Path) -> None:
        """Take up an owner's mapping; a broken one is set aside."""
        try:
            self.owned[path.stem] = read_mapping(path)
            self.texts.setdefault(path.stem, set()).add(path.read_bytes())
        except MappingError as error:
            aside = "left as it is"
            with contextlib.suppress(OSError):
                aside = f"kept as {set_aside(path).name}" if self.keep is not None else aside
            self.remark(f"{error}; it is {aside}")

    def base(self, port: str) -> Mapping:
        """Find the shipped mapping of a port, or the table of controls."""
        best = max(shipped_mappings(), key=lambda mapping: mapping.fit(port))
        return best if best.fit(port) else built_in()

    def stem_for(self, port: str) -> str | None:
        """Find the owner's mapping of a port."""
        fitting = [stem for stem, mapping in self.owned.items() if mapping.fit(port)]
        return max(fitting, key=lambda stem: self.owned[stem].fit(port), default=None)

    def for_port(self, port: str) -> Mapping:
        """Give the mapping of a port."""
        stem, base = self.stem_for(port), self.base(port)
        return base if stem is None else self.owned[stem].over(base)

    def learned(self, port: str) -> int:
        """Count what the owner's mapping says of a port."""
        stem = self.stem_for(port)
        return 0 if stem is None else len(self.owned[stem].entries)

    def add(self, port: str, entry: Entry) -> None:
        """Take up what was learned on a port, and have it saved."""
        stem = self.stem_for(port)
        if stem is None:
            name = plain_name(port)
            stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "controller"
            while stem in self.owned:  # of another controller
                stem += "-too"
            self.owned[stem] = Mapping(name=name, ports=(name,), entries=())
        self.look_again(stem)
        mapping = self.owned[stem]
        kept = tuple(known for known in mapping.entries if not set(known.sources) & set(entry.sources))
        self.change(stem, (*kept, entry))

    def forget(self, path: str, which: int) -> int:
        """Forget all that was learned for a control, have it saved, and tell how much it was."""
        count = 0
        for stem in self.owned:
            self.look_again(stem)
            mapping = self.owned[stem]
            kept = tuple(entry for entry in mapping.entries if entry.learned != (path, which))
            if len(kept) < len(mapping.entries):
                count += len(mapping.entries) - len(kept)
                self.change(stem, kept)
        return count

    def look_again(self, stem: str) -> None:
        """Take up what an editor has changed in a file since it was read or written."""
        if self.folder is None or self.keep is None:
            return
        path = self.folder / f"{stem}.toml"
        with contextlib.suppress(OSError):  # it may not be there yet
            if path.read_bytes() not in self.texts.get(stem, ()):
                self.read(path)

    def copy_by_hand(self, path: pathlib.Path) -> None:
        """Keep what a hand has written into a file that is to be written anew."""
        with contextlib.suppress(OSError):
            if not path.read_bytes().startswith(HEAD.encode()):
                copy = free_name(path, "before")
                shutil.copyfile(path, copy)
                self.remark(f"{path.name} was written by hand, and is written anew now; it is kept as {copy.name}")

    def change(self, stem: str, entries: tuple[Entry, ...]) -> None:
        """Give an owner's mapping other entries, and have it saved."""
        self.owned[stem] = dataclasses.replace(self.owned[stem], entries=entries)
        if self.folder is None:
            return
        if self.keep is not None:
            path, text = self.folder / f"{stem}.toml", write_mapping(self.owned[stem])
            self.copy_by_hand(path)
            self.texts.setdefault(stem, set()).add(text.encode())
            self.keep(path, text)
        elif not self.has_told:
            self.has_told = True
            self.remark(
                "what is learned is known until the end alone, for nothing of this session is saved; name a file of "
                "your own with --session"
            )
