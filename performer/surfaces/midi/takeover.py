"""Soft takeover: a knob that stands elsewhere than its control does not make it jump, but picks it up in passing."""

NEAR = 2 / 127
"""A knob is at its control's place if it is no further from it, in shares of its way: two steps of seven bits."""


class Takeover:
    """One knob's hold on its control.

    Parameters
    ----------
    knob : float, optional
        Where the knob is, 0 to 1, if that is known.

    Notes
    -----
    The knob holds the control while nobody else moves it. Once another hand did (a scene, a tablet, another knob), the
    knob has lost it, and moves nothing until it stands at the control's place or passes it.
    """

    def __init__(self, knob: float | None = None) -> None:
        self.left_at: float | None = None
        """Where the knob left the control; None if it never moved it, or has lost it."""
        self.knob = knob
        """Where the knob was last; None before it was moved."""

    def takes(self, knob: float, *, control: float) -> bool:
        """Tell whether the knob moves its control now.

        Parameters
        ----------
        knob : float
            Where the knob is, 0 to 1: the place of the value that it would set.
        control : float
            Where the control is, 0 to 1.

        Returns
        -------
        bool
            True if the control is where the knob left it, if the knob is or was near it, or if it has just passed it.
        """
        before, self.knob = self.knob, knob
        holds = control == self.left_at
        is_near = abs(knob - control) <= NEAR
        was_near = before is not None and abs(before - control) <= NEAR
        has_passed = before is not None and (before - control) * (knob - control) < 0
        takes = holds or is_near or was_near or has_passed
        self.left_at = knob if takes else None
        return takes
