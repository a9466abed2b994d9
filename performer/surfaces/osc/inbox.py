"""What has arrived is obeyed here: of many messages to one control the newest, of actions and commands each."""

from collections.abc import Callable, Mapping, Sequence

from performer.actions import ACTIONS_BY_PATH, Action, Values, find_row
from performer.controls import CONTROLS_BY_PATH, Control
from performer.errors import ControlError
from performer.surfaces.osc.packet import OscError, read_message
from performer.surfaces.osc.patterns import AddressSpace, is_pattern
from performer.surfaces.osc.schedule import Arrived

MAX_WORK = 5_000
"""Values that are looked at in one go; more come from no hand."""

Row = Control | Action
Source = tuple
"""Where a message came from: host, port, and for a connection its kind."""
Apply = Callable[[Row, Values], None]
Refuse = Callable[[str], None]
Command = Callable[[list[object], Source], int]
"""Obeys the arguments of a source, and tells how many values it has read."""
Answer = Callable[[Source, str], None]
Heard = Callable[[Source, str, tuple[float, ...] | None], None]
Move = tuple[bytes, Source, tuple[Row, ...]]

ROWS = AddressSpace((*CONTROLS_BY_PATH, *ACTIONS_BY_PATH))
MOVES: dict[bytes, tuple[Row, ...]] = {path.encode(): (row,) for path, row in CONTROLS_BY_PATH.items()}
"""The control that an address moves."""


COMMAND_WORK = 20
"""Values that a command counts for, beside those that it reads."""


def find_rows(address: bytes) -> tuple[Row, ...]:
    """Find what an address, or a pattern, means.

    Raises
    ------
    ControlError
        If it means nothing.
    OscError
        If it is no text, or a broken pattern.
    """
    try:
        path = address.decode()
    except UnicodeDecodeError as error:
        raise OscError(f"address {address[:24]!r} cannot be read ({error.reason}); send OSC 1.0") from error
    if not is_pattern(path):
        return (find_row(path),)
    rows = tuple(find_row(match) for match in ROWS.match(path))
    if not rows:
        raise ControlError(f"{path} fits no control; needed is a pattern such as /deck/*/level")
    return rows


def answer_nothing(_source: Source, _reason: str) -> None:
    """Let a source hear no reason."""


def note_nothing(_source: Source, _path: str, _values: tuple[float, ...] | None) -> None:
    """Let a source hear of its own values."""


class Inbox:
    """Obeys messages.

    Parameters
    ----------
    apply : callable
        Called with the control or action and its values for each good message; a `ControlError` of its own refuses it.
    refuse : callable
        Called with one line for each bad message.
    answer : callable
        Called with the source and a line for each action or command that is refused.
    commands : mapping
        What is done with an address that is neither control nor action: called with the arguments and the source.
    heard : callable
        Called with the source, the path and the values of a control that it set; with None instead of values where
        what it sent does not stand now: it was clipped, refused, or somebody else was later.
    """

    def __init__(
        self,
        *,
        apply: Apply,
        refuse: Refuse,
        answer: Answer = answer_nothing,
        commands: Mapping[bytes, Command] | None = None,
        heard: Heard = note_nothing,
    ) -> None:
        self.apply = apply
        self.refuse = refuse
        self.answer = answer
        self.commands = commands or {}
        self.heard = heard
        self.work = 0
        """Values that moves and actions have looked at in this go."""
        self.asked = 0
        """Values that commands have read in it."""

    def obey(self, messages: Sequence[Arrived]) -> int:
        """Obey messages that are due, in their order as far as it matters.

        All that only moves controls is obeyed from its newest message on, and older ones find their controls moved
        already; an action or a command waits for what came before it.

        Parameters
        ----------
        messages : sequence of (bytes, tuple)
            Each message and its source.

        Returns
        -------
        int
            Messages passed over because newer ones moved the same controls.
        """
        self.work = self.asked = passed_over = 0
        moves: list[Move] = []
        for data, source in messages:
            address = data.partition(b"\0")[0]
            rows = MOVES.get(address)
            if rows is None and address not in self.commands:
                rows = self.find(address, source)
            if rows is not None and all(isinstance(row, Control) for row in rows):
                moves.append((data, source, rows))
                continue
            passed_over += self.obey_newest(moves)
            if rows is None:
                self.obey_command(address, data, source)
            else:
                self.obey_one(data, source, rows)
        return passed_over + self.obey_newest(moves)

    def find(self, address: bytes, source: Source) -> tuple[Row, ...]:
        """Find what an address means; what means nothing is refused."""
        try:
            return find_rows(address)
        except (ControlError, OscError) as error:
            self.refuse(f"OSC from {source[0]} refused: {error}")
            return ()

    def obey_newest(self, moves: list[Move]) -> int:
        """Obey messages to controls from the newest to the oldest; each control moves once."""
        moved: dict[str, Source] = {}
        passed_over = 0
        for data, source, rows in reversed(moves):
            left = [row for row in rows if row.path not in moved]
            if left:
                moved |= dict.fromkeys(self.obey_one(data, source, left), source)
            elif rows:
                passed_over += 1
            for row in rows:
                if moved.get(row.path) != source:
                    self.heard(source, row.path, None)
        moves.clear()
        return passed_over

    def obey_one(self, data: bytes, source: Source, rows: Sequence[Row]) -> list[str]:
        """Obey one message for some rows; return the paths of those that it fits, one at least, or it is refused."""
        done: list[str] = []
        reasons: list[ControlError] = []
        self.work += len(rows)
        try:
            if self.work > MAX_WORK:
                raise OscError(f"more than {MAX_WORK} values at once, fewer are needed; send them later")
            _, arguments = read_message(data)
            for row in rows:
                try:
                    values = row.accept(arguments)
                    self.apply(row, values)
                except ControlError as error:
                    reasons.append(error)
                    continue
                done.append(row.path)
                if isinstance(row, Control):
                    taken = tuple(float(value) for value in values)
                    self.heard(source, row.path, taken if taken == tuple(arguments) else None)
            if not done:
                raise reasons[0]
        except (ControlError, OscError) as error:
            self.refuse(f"OSC from {source[0]} refused: {error}")
            if any(isinstance(row, Action) for row in rows):
                self.answer(source, str(error))
        return done

    def obey_command(self, address: bytes, data: bytes, source: Source) -> None:
        """Do what a client asks of the server itself."""
        self.asked += COMMAND_WORK
        try:
            if self.asked > MAX_WORK:
                raise OscError(f"more than {MAX_WORK} values asked for at once, fewer are needed; ask again later")
            self.asked += self.commands[address](read_message(data)[1], source)
        except (ControlError, OscError) as error:
            self.refuse(f"OSC from {source[0]} refused: {error}")
            self.answer(source, str(error))
