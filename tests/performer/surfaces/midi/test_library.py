import pathlib

import pytest

from performer.controls import find_control
from performer.surfaces.midi.library import Library
from performer.surfaces.midi.mapping import Entry, make_entry
from performer.surfaces.midi.mapping_file import read_mapping
from performer.surfaces.midi.modes import Source

PORT, NANO = "Knobs:Knobs MIDI 1 20:0", "nanoKONTROL2:nanoKONTROL2 _ CTRL 24:0"


def entry(number: int, path: str = "/deck/1/density", index: int = 0) -> Entry:
    return make_entry(Source(kind="cc", channel=1, number=number), find_control(path), index=index)


class Shelf:
    """A folder, a library over it, and what it said."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "midi"
        self.said: list[str] = []
        self.open()

    def open(self) -> None:
        self.library = Library(self.folder, keep=self.keep, remark=self.said.append)

    def keep(self, path: pathlib.Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def path_of(self, number: int, port: str = PORT) -> str | None:
        found = self.library.for_port(port).by_source.get(Source(kind="cc", channel=1, number=number))
        return None if found is None else found.target.path


@pytest.fixture
def shelf(tmp_path: pathlib.Path) -> Shelf:
    return Shelf(tmp_path)


def test_a_port_has_its_shipped_mapping_or_the_table_of_controls(shelf: Shelf) -> None:
    assert shelf.library.for_port(NANO).name == "Korg nanoKONTROL2"
    assert shelf.library.for_port(PORT).name == "the table of controls"


def test_what_is_learned_stays_and_lies_over_what_was_there(shelf: Shelf) -> None:
    assert shelf.path_of(16) == "/deck/1/density"
    shelf.library.add(PORT, entry(16, "/tempo"))
    shelf.library.add(PORT, entry(99, "/deck/1/morph", 1))
    shelf.library.add(PORT, entry(16, "/deck/2/low"))  # the newest counts
    for _ in range(2):
        assert (shelf.path_of(16), shelf.path_of(99), shelf.path_of(17)) == (
            "/deck/2/low",
            "/deck/1/morph",
            "/deck/1/bass",
        )
        assert shelf.library.learned(PORT) == 2
        assert shelf.path_of(16, NANO) == "/deck/1/filter"  # another controller is as it was
        shelf.open()
    assert [path.name for path in shelf.folder.iterdir()] == ["knobs-knobs-midi-1.toml"]
    assert shelf.path_of(16, "Knobs:Knobs MIDI 1 31:0") == "/deck/2/low"  # plugged in elsewhere
    assert shelf.said == []


def test_it_is_forgotten_by_control(shelf: Shelf) -> None:
    for number, index in ((16, 0), (17, 1), (18, 1)):
        shelf.library.add(PORT, entry(number, "/deck/1/morph", index))
    assert shelf.library.forget("/deck/1/morph", 1) == 2
    assert shelf.library.forget("/deck/1/morph", 1) == 0
    shelf.open()
    assert (shelf.path_of(16), shelf.path_of(17)) == ("/deck/1/morph", "/deck/1/bass")


def test_a_broken_file_is_set_aside_and_never_read_or_written_over(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    (shelf.folder / "knobs-knobs-midi-1.toml").write_text("name = ")
    shelf.open()
    assert "is no TOML" in shelf.said[0]
    assert "it is kept as knobs-knobs-midi-1-broken-1.toml" in shelf.said[0]
    shelf.library.add(PORT, entry(16, "/tempo"))
    shelf.open()
    assert len(shelf.said) == 1
    assert (shelf.folder / "knobs-knobs-midi-1-broken-1.toml").read_text() == "name = "
    assert shelf.path_of(16) == "/tempo"


def test_an_owner_may_write_a_mapping_and_another_controller_does_not_take_its_file(shelf: Shelf) -> None:
    shelf.folder.mkdir()
    own = shelf.folder / "knobs-knobs-midi-1.toml"
    own.write_text('name = "My box"\nports = ["Box"]\n[[map]]\ncc = 16\nchannel = 1\ncontrol = "/tempo"\n')
    shelf.open()
    assert shelf.path_of(16, "A Box 20:0") == "/tempo"
    shelf.library.add(PORT, entry(16, "/deck/1/low"))
    assert read_mapping(own).name == "My box"
    assert shelf.path_of(16) == "/deck/1/low"


def test_what_an_editor_has_changed_meanwhile_is_taken_up_and_what_a_hand_wrote_is_kept(shelf: Shelf) -> None:
    shelf.library.add(PORT, entry(16, "/tempo"))
    own = shelf.folder / "knobs-knobs-midi-1.toml"
    own.write_text(own.read_text() + '\n[[map]]\ncc = [90, 91]\nchannel = 1\ncontrol = "/deck/{n}/level"\n')
    shelf.library.add(PORT, entry(17, "/deck/2/low"))
    assert [shelf.path_of(number) for number in (16, 17, 91)] == ["/tempo", "/deck/2/low", "/deck/2/level"]
    assert shelf.said == []
    by_hand = f"# my notes\n{own.read_text()}"
    own.write_text(by_hand)
    assert shelf.library.forget("/deck/2/low", 0) == 1
    assert shelf.said == [
        "knobs-knobs-midi-1.toml was written by hand, and is written anew now; it is kept as "
        "knobs-knobs-midi-1-before-1.toml"
    ]
    assert (shelf.folder / "knobs-knobs-midi-1-before-1.toml").read_text() == by_hand
    (shelf.folder / "other.toml").write_text('name = "Other"\nports = ["Other"]\n')
    shelf.open()
    assert shelf.library.forget("/tempo", 0) == 1
    assert not (shelf.folder / "other-before-1.toml").exists()  # it is not written
    shelf.library.add(PORT, entry(16, "/tempo"))
    own.write_bytes(b"\xff")
    shelf.library.add(PORT, entry(18, "/deck/1/low"))
    assert (shelf.folder / "knobs-knobs-midi-1-broken-1.toml").read_bytes() == b"\xff"
    shelf.open()
    assert [shelf.path_of(number) for number in (16, 17, 18)] == ["/tempo", "/deck/1/bass", "/deck/1/low"]


def test_without_a_folder_it_is_learned_until_the_end() -> None:
    library = Library(None, keep=lambda path, text: pytest.fail("written"), remark=print)
    library.add(PORT, entry(16, "/tempo"))
    assert library.learned(PORT) == 1


def test_the_files_of_another_are_read_and_left_alone_and_that_is_told_once(shelf: Shelf) -> None:
    shelf.library.add(PORT, entry(16, "/tempo"))
    (shelf.folder / "broken.toml").write_text("name = ")
    before = {path.name: path.read_text() for path in shelf.folder.iterdir()}
    shelf.library = Library(shelf.folder, keep=None, remark=shelf.said.append)
    assert shelf.said[-1].endswith("it is left as it is")
    for number in (17, 18):
        shelf.library.add(PORT, entry(number, "/deck/2/low"))
    assert (shelf.path_of(16), shelf.path_of(18)) == ("/tempo", "/deck/2/low")
    assert {path.name: path.read_text() for path in shelf.folder.iterdir()} == before
    assert len(shelf.said) == 2
    assert "nothing of this session is saved; name a file of your own with --session" in shelf.said[1]


def test_a_name_of_no_letters_has_a_file_too(shelf: Shelf) -> None:
    shelf.library.add("???", entry(16))
    assert [path.name for path in shelf.folder.iterdir()] == ["controller.toml"]
