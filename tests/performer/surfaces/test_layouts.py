"""What stands on the pages of a layout, whoever writes it down."""

import dataclasses
import pathlib
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from performer.actions import ACTIONS, ACTIONS_BY_PATH, find_row
from performer.controls import CONTROLS, CONTROLS_BY_PATH, N_DECKS, SLOTS, master_controls
from performer.direction_names import COMPONENTS, NAMED, OWN
from performer.errors import PerformerError
from performer.readouts import READOUTS_BY_PATH
from performer.surfaces.layouts import pages as making
from performer.surfaces.layouts.command import layout
from performer.surfaces.layouts.pages import make_pages
from performer.surfaces.layouts.picture import write_picture
from performer.surfaces.layouts.widget import HEIGHT, TABS, WIDTH, Frame, Kind, LayoutError, Page, Widget, check_pages

PAGES = make_pages()
WIDGETS = [widget for page in PAGES for widget in page.widgets]
FINGER = 22
"""Points below which nothing that is touched may be."""


def found_on(page: Page, *kinds: Kind) -> set[str]:
    return {widget.path for widget in page.widgets if widget.kind in kinds}


TOUCHED = (Kind.PAD, Kind.FADER, Kind.TOGGLE, Kind.PRESS)


def test_there_is_a_page_to_perform_on_one_a_deck_and_the_masters() -> None:
    assert [page.name for page in PAGES] == ["Perform", "Deck 1", "Deck 2", "Deck 3", "Deck 4", "Master"]


def test_the_page_to_perform_on_has_pads_strips_directions_crossfader_and_tempo() -> None:
    perform = PAGES[0]
    assert found_on(perform, Kind.PAD) == {f"/deck/{deck}/morph" for deck in range(1, 5)}
    faders = found_on(perform, Kind.FADER)
    assert {"/crossfader", "/tempo"} < faders
    for deck in range(1, N_DECKS + 1):
        assert {f"/deck/{deck}/{name}" for name in (*NAMED, *OWN, "level", "low", "mid", "high")} < faders
        assert not {f"/deck/{deck}/{name}" for name in COMPONENTS} & faders  # they are on the deck's own page


@pytest.mark.parametrize("deck", range(1, N_DECKS + 1))
def test_every_control_of_a_deck_can_be_touched_on_its_page(deck: int) -> None:
    touched = found_on(PAGES[deck], *TOUCHED)
    assert {row.path for row in CONTROLS if row.path.startswith(f"/deck/{deck}/")} <= touched
    actions = {row.path for row in ACTIONS if row.deck == deck} - {f"/deck/{deck}/recall"}
    assert actions <= touched


def test_every_control_and_action_of_the_master_can_be_touched_on_its_page() -> None:
    touched = found_on(PAGES[-1], *TOUCHED)
    assert {row.path for row in master_controls()} <= touched
    assert {
        row.path for row in ACTIONS if not row.deck and (row.is_button or row.path.startswith("/scene/"))
    } <= touched


def test_what_a_widget_sends_its_row_accepts() -> None:
    for widget in (widget for widget in WIDGETS if widget.kind in TOUCHED):
        for end in widget.limits if widget.kind is not Kind.PRESS else (0,):
            moved = {Kind.PAD: (end, end), Kind.PRESS: ()}.get(widget.kind, (end,))
            values = (*widget.sent, *moved)
            assert find_row(widget.path).accept(values) == values, widget.name


def test_what_a_widget_shows_its_row_has() -> None:
    for widget in (widget for widget in WIDGETS if widget.kind in (Kind.METER, Kind.SHOW)):
        row = READOUTS_BY_PATH.get(widget.path) or CONTROLS_BY_PATH[widget.path]
        assert widget.index < len(row.types), widget.name
        assert row.minimum <= widget.limits[0] < widget.limits[1] <= row.maximum, widget.name


def test_toggles_are_switches_and_pads_have_two_values() -> None:
    for widget in WIDGETS:
        if widget.kind is Kind.TOGGLE:
            assert widget.types == "i"
            assert widget.limits == (0, 1)
        if widget.kind is Kind.PAD:
            assert widget.types == "ff"


def test_what_is_touched_is_large_enough_for_a_finger() -> None:
    small = [w.name for w in WIDGETS if w.kind in TOUCHED and min(w.body.width, w.body.height) < FINGER]
    assert small == []


def test_only_the_nudge_springs_back() -> None:
    assert all(widget.springs == (widget.path == "/nudge") for widget in WIDGETS)


def test_a_deck_has_one_colour_and_no_other_deck_has_it() -> None:
    for deck, colour in enumerate(making.DECK_COLOURS, start=1):
        of_deck = {w.colour for w in WIDGETS if w.path.startswith(f"/deck/{deck}/") and w.kind in TOUCHED}
        assert of_deck == {colour}
    assert len(set(making.DECK_COLOURS)) == N_DECKS


def test_pages_are_without_overlaps_and_names_are_unique() -> None:
    check_pages(PAGES)
    names = [widget.name for widget in WIDGETS]
    assert len(set(names)) == len(names)


def fader(name: str, frame: Frame, path: str = "/tempo") -> Widget:
    return Widget(kind=Kind.FADER, name=name, frame=frame, colour="#ffffff", path=path)


@pytest.mark.parametrize(
    ("widgets", "message"),
    [
        ((fader("a", Frame(0, 0, 9, 9)), fader("a", Frame(9, 0, 9, 9))), "two widgets named 'a'"),
        ((fader("a", Frame(0, 0, 9, 9)), fader("b", Frame(8, 8, 9, 9))), "'b' lies on 'a' on page 'p'"),
        ((fader("a", Frame(WIDTH - 8, 0, 9, 9)),), "'a' does not lie on page 'p'"),
        ((fader("a", Frame(0, HEIGHT - TABS - 8, 9, 9)),), "'a' does not lie on page 'p'"),
    ],
)
def test_what_does_not_fit_is_refused(widgets: tuple[Widget, ...], message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        check_pages((Page(name="p", colour="#ffffff", widgets=widgets),))


def test_frames_divide_without_a_rest() -> None:
    cells = Frame(10, 20, 100, 40).cells(3, across=True, gap=5)
    assert [cell.x for cell in cells] == [10, 45, 80]
    assert cells[-1].x + cells[-1].width == 110
    assert Frame(0, 0, 10, 50).cells(2, across=False, gap=10)[1] == Frame(0, 30, 10, 20)


def test_a_control_that_is_new_in_the_table_finds_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    old = CONTROLS_BY_PATH["/deck/1/send"]
    rows = [
        dataclasses.replace(old, path=f"/deck/1/{name}", types=kind) for name, kind in (("shine", "f"), ("on", "i"))
    ]
    monkeypatch.setattr(making, "CONTROLS", (*CONTROLS, *rows))
    for row in rows:
        monkeypatch.setitem(CONTROLS_BY_PATH, row.path, row)
        monkeypatch.setitem(SLOTS, row.path, SLOTS[old.path])
    page = make_pages()[1]
    kinds = {widget.path: widget.kind for widget in page.widgets}
    assert (kinds["/deck/1/shine"], kinds["/deck/1/on"]) == (Kind.FADER, Kind.TOGGLE)


@pytest.mark.parametrize("n", [1, 5, 12, 16])
def test_there_is_room_for_other_directions(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (*NAMED, *OWN, *COMPONENTS)[:n]
    monkeypatch.setattr(making, "PERFORMED", names)
    monkeypatch.setattr(making, "EQUALIZER", ("low", "mid", "filter", "send"))
    sheet = making.Sheet("Perform", "#ffffff")
    making.perform_column(sheet, 2, Frame(10, 6, 288, 706))
    check_pages((sheet.page(),))
    pad, *_ = (widget for widget in sheet.widgets if widget.kind is Kind.PAD)
    faders = [widget for widget in sheet.widgets if widget.path.rpartition("/")[2] in names]
    assert len(faders) == n
    assert min(fader.body.height for fader in faders) >= FINGER
    assert pad.body.height > 150


def test_a_centered_widget_stands_in_the_middle_and_others_at_their_default() -> None:
    by_name = {widget.name: widget for widget in WIDGETS}
    assert by_name["Perform crossfader"].is_centered
    assert by_name["Perform crossfader"].shares == (0.5,)
    assert by_name["Deck 2 seed"].shares == (pytest.approx(13 / 999),)
    assert by_name["Master morph 3"].limits == ACTIONS_BY_PATH["/scene/morph"].limits[1]


def test_the_picture_opens(tmp_path: pathlib.Path) -> None:
    out = tmp_path / "layout.png"
    out.write_bytes(write_picture(PAGES[:1]))
    with Image.open(out) as picture:
        assert picture.width > 800
        assert len(set(picture.convert("RGB").get_flattened_data())) > 20


def test_without_matplotlib_the_picture_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(PerformerError, match="matplotlib is not installed; it is needed"):
        write_picture(PAGES[:1])


@pytest.mark.parametrize("name", ["a.tosc", "a.json", "a.png"])
def test_the_command_writes_each_kind(name: str, tmp_path: pathlib.Path) -> None:
    done = CliRunner().invoke(layout, [str(tmp_path / name)])
    assert done.exit_code == 0, done.output
    assert f"6 pages, {len(WIDGETS)} widgets" in done.output
    assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.parametrize(("name", "got"), [("a.txt", "'.txt'"), ("a", "'nothing'")])
def test_another_suffix_is_refused(name: str, got: str, tmp_path: pathlib.Path) -> None:
    done = CliRunner().invoke(layout, [str(tmp_path / name)])
    assert done.exit_code == 2
    words = " ".join(done.output.replace("│", "").split())
    assert f"ends in {got}; .tosc (TouchOSC), .json (Open Stage Control), .png (a picture) is needed" in words


def test_a_place_that_cannot_be_written_is_said(tmp_path: pathlib.Path) -> None:
    done = CliRunner().invoke(layout, [str(tmp_path / "no" / "a.tosc")])
    assert isinstance(done.exception, PerformerError)
    assert "cannot be written (No such file or directory)" in str(done.exception)
