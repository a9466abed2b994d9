import pathlib
import tomllib

import pytest

from performer.surfaces.midi.mapping import Entry, Light
from performer.surfaces.midi.mapping_file import MappingError, parse_mapping, read_mapping, write_mapping
from performer.surfaces.midi.modes import Source

HEAD = 'name = "Two faders"\nports = ["TwoFaders"]\n'


def one(text: str) -> Entry:
    (entry,) = parse_mapping(f"{HEAD}[[map]]\nchannel = 1\n{text}", where="two.toml").entries
    return entry


def test_lists_are_one_entry_each_and_n_counts_them() -> None:
    mapping = parse_mapping(
        f"""{HEAD}
        [[map]]
        cc = [7, 8]
        channel = [3, 4]
        control = "/deck/{{n}}/level"
        range = [0, 0.5]
        light = {{ note = [1, 2], channel = 5, on = 9 }}
        """,
        where="two.toml",
    )
    assert [(entry.source, entry.target.path, entry.limits) for entry in mapping.entries] == [
        (Source(kind="cc", channel=3, number=7), "/deck/1/level", (0, 0.5)),
        (Source(kind="cc", channel=4, number=8), "/deck/2/level", (0, 0.5)),
    ]
    assert [entry.light for entry in mapping.entries] == [
        Light(source=Source(kind="note", channel=5, number=1), on=9),
        Light(source=Source(kind="note", channel=5, number=2), on=9),
    ]


def test_a_light_is_the_same_message_unless_another_is_named() -> None:
    source = Source(kind="note", channel=1, number=36)
    assert one('note = 36\ncontrol = "/deck/1/mute"\nlight = true').light == Light(source=source)
    assert one('note = 36\ncontrol = "/deck/1/mute"\nlight = { on = 5 }').light == Light(source=source, on=5)
    assert one('note = 36\ncontrol = "/deck/1/mute"').light is None
    bend = one('bend = true\ncontrol = "/deck/1/level"\nlight = true').light
    assert bend == Light(source=Source(kind="bend", channel=1))


def test_a_fader_may_morph_to_a_scene() -> None:
    entry = one('cc = 1\naction = "/scene/morph"\nmode = "absolute"\nvalue = 3')
    assert (entry.on, entry.limits, entry.number_at(0.5)) == (3.0, (0.0, 1.0), 0.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cc = 7", "map 1: control or action is needed, one of them"),
        ('cc = 7\ncontrol = "/deck/1/low"\naction = "/tap"', "control or action is needed, one of them"),
        ('cc = 7\ncontrol = "/deck/9/low"', "/deck/9/low is not a control"),
        ('cc = 7\ncontrol = "/tap"', "/tap 0 is no control's value"),
        ('cc = 7\naction = "/deck/1/low"', "/deck/1/low 0 is no action"),
        ('cc = 7\naction = "/midi/learn"', "/midi/learn 0 is no action"),
        ('cc = 7\ncontrol = "/deck/1/morph"\nindex = 2', "/deck/1/morph 2 is no control's value"),
        ('control = "/deck/1/low"', "nothing is given; one of cc, note and bend"),
        ('cc = 7\nnote = 7\ncontrol = "/deck/1/low"', "cc and note is given; one of"),
        ('cc = 128\ncontrol = "/deck/1/low"', "cc is 128, a whole number from 0 to 127"),
        ('cc = "7"\ncontrol = "/deck/1/low"', "cc is '7', a whole number"),
        ('cc = true\ncontrol = "/deck/1/low"', "cc is True, a whole number"),
        ('bend = 1\ncontrol = "/deck/1/low"', "bend is 1, true is needed"),
        ('cc = 7\ncontrol = "/deck/1/low"\nmode = "rel"', "mode is 'rel', one of absolute, 14-bit"),
        ('cc = 32\ncontrol = "/deck/1/low"\nmode = "14-bit"', "channel 1 controller 32 is no upper half"),
        ('note = 3\ncontrol = "/deck/1/low"\nmode = "absolute"', "channel 1 note 3 cannot be absolute"),
        ('bend = true\ncontrol = "/deck/1/low"\nmode = "14-bit"', "pitch bend is no upper half"),
        ('bend = true\ncontrol = "/deck/1/low"\nmode = "binary-offset"', "pitch bend cannot be binary-offset"),
        ('note = 3\ncontrol = "/deck/1/low"\nvalue = 2', "/deck/1/low is 2, 0 to 1 is needed"),
        ('note = 3\ncontrol = "/deck/1/flip"\nvalue = 0.5', "a whole number"),
        ('note = 3\ncontrol = "/deck/1/low"\noff = -1', "/deck/1/low is -1, 0 to 1 is needed"),
        ('note = 3\naction = "/scene/recall"\nvalue = 65', "got 65.0; scene 1 to 64 needed"),
        ('note = 3\naction = "/tap"\nmode = "toggle"', "mode is toggle, /tap needs trigger"),
        ('cc = 3\naction = "/scene/morph"', "/scene/morph needs absolute"),
        ('cc = 3\ncontrol = "/deck/1/low"\nrange = [0, 2]', "/deck/1/low is 2, 0 to 1 is needed"),
        ('cc = 3\ncontrol = "/deck/1/low"\nrange = [1, 1]', "two different numbers"),
        ('cc = 3\ncontrol = "/deck/1/low"\nrange = 1', "range is 1, two different numbers"),
        ('cc = 3\ncontrol = "/deck/1/low"\nrange = [nan, 1]', "range is nan, a number is needed"),
        ('cc = 3\ncontrol = "/deck/1/low"\ntakeover = 1', "takeover is 1, true or false"),
        ('cc = 3\ncontrol = "/deck/1/low"\nlights = true', "map 1: lights is not known; keys are action, bend"),
        ('cc = 3\ncontrol = "/deck/1/low"\nlight = 3', "light is 3, true or a table"),
        ('cc = 3\ncontrol = "/deck/1/low"\nlight = { color = 3 }', "light: color is not known"),
        ('cc = 3\ncontrol = "/deck/1/low"\nlight = { note = 3 }', "light: channel is None"),
        ('cc = 3\ncontrol = "/deck/1/low"\nlight = { on = 128 }', "light: on is 128, a whole number from 0 to 127"),
        ('cc = [3, 4]\nindex = [0, 1, 0]\ncontrol = "/deck/1/morph"', "lists of 2 and 3 items; make them equally long"),
        ('cc = []\ncontrol = "/deck/1/low"', "lists of 0 items"),
        ('cc = [3, 3]\ncontrol = "/deck/{n}/low"', "channel 1 controller 3 is there twice"),
        ('cc = [3, 35]\ncontrol = "/deck/{n}/low"\nmode = ["14-bit", "absolute"]', "controller 35 is there twice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(MappingError, match=r"^two\.toml") as caught:
        parse_mapping(f"{HEAD}[[map]]\nchannel = 1\n{text}", where="two.toml")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "is no TOML"),
        ('ports = ["x"]', "name is None"),
        ('name = "x"', "ports is None"),
        ('name = "x"\nports = [""]', "ports is ['']"),
        ('name = "x"\nports = []', "ports is []"),
        ('name = "x"\nports = ["x"]\nmap = 3', "map is 3, tables are needed"),
        ('name = "x"\nports = ["x"]\nknobs = 3', "knobs is not known; keys are chart, map, name, ports"),
        ('name = "x"\nports = ["x"]\n[[map]]\ncc = 1\ncontrol = "/tempo"', "channel is None"),
        ('name = "x"\nports = ["x"]\nmap = ' + "[" * 5000, "is no TOML"),
    ],
)
def test_a_file_of_something_else_is_refused(text: str, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        parse_mapping(text, where="x.toml")
    assert reason in str(caught.value)


def test_files_that_cannot_be_read_are_one_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "x.toml", tmp_path / "none.toml"):
        with pytest.raises(MappingError, match="cannot be read"):
            read_mapping(path)


def test_what_is_written_is_read_again() -> None:
    mapping = parse_mapping(
        """
        name = "odd \\" name \\\\ \\u0007"
        ports = ["a", "b"]
        chart = "https://x"
        [[map]]
        cc = [1, 2]
        channel = 1
        control = "/deck/1/morph"
        index = [0, 1]
        mode = ["absolute", "14-bit"]
        range = [0.1, 0.30000000000000004]
        takeover = false
        light = true
        [[map]]
        note = 1
        channel = 2
        control = "/deck/1/low"
        mode = "momentary"
        value = 0
        light = { cc = 3, channel = 4, on = 5, off = 1 }
        [[map]]
        bend = true
        channel = 2
        control = "/tempo"
        [[map]]
        note = 3
        channel = 2
        action = "/scene/recall"
        value = 12
        [[map]]
        cc = 30
        channel = 2
        action = "/scene/morph"
        mode = "absolute"
        value = 12
        """,
        where="x.toml",
    )
    text = write_mapping(mapping)
    assert parse_mapping(text, where="again.toml") == mapping
    assert tomllib.loads(text)["chart"] == "https://x"
