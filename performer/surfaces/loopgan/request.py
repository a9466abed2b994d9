"""What LoopGAN's patch sends: seven floats, for a new loop or for a move of the present one."""

import dataclasses
import math
from collections.abc import Sequence

from performer.errors import PerformerError
from performer.surfaces.osc.packet import OscError, read_message, read_packet

N_COEFFICIENTS = 6
COEFFICIENT_RANGE = 10.0
"""The patch's sliders go from -10 to 10."""
RANDOM, MOVE = "/generate_random", "/generate_xy"
FORM = f"{N_COEFFICIENTS} coefficients from -10 to 10, then the variation from 0 to 1, as floats"


class RequestError(PerformerError):
    """A message that is no request."""


@dataclasses.dataclass(frozen=True)
class Request:
    """One message of the patch."""

    is_new: bool
    """Whether a new loop is asked for, and not a move of the present one."""
    coefficients: tuple[float, ...]
    """How far along each axis, -10 to 10."""
    variation: float
    """How much the four loops differ, 0 to 1."""


def read_requests(packet: bytes) -> list[Request]:
    """Read what a packet asks for.

    Parameters
    ----------
    packet : bytes
        What came over the network; anything at all.

    Returns
    -------
    list of Request
        In their order.

    Raises
    ------
    RequestError
        If any of it is no request.
    """
    try:
        return [read_request(*read_message(data)) for _, data in read_packet(packet)]
    except OscError as error:
        raise RequestError(str(error)) from error


def read_request(address: str, arguments: Sequence[object]) -> Request:
    """Read one message; numbers outside their range are clipped.

    Raises
    ------
    RequestError
        If the address or the arguments are others than the patch's.
    """
    if address not in (RANDOM, MOVE):
        raise RequestError(f"{address} is not known, {RANDOM} or {MOVE} is needed; send one of them")
    numbers = [value for value in arguments if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(arguments) != N_COEFFICIENTS + 1 or len(numbers) != len(arguments) or not all(map(math.isfinite, numbers)):
        got = " ".join(map(str, arguments))[:80] or "nothing"
        raise RequestError(f"{address} got {got}; {FORM} are needed; send seven numbers")
    *moves, variation = numbers
    return Request(
        is_new=address == RANDOM,
        coefficients=tuple(float(min(max(move, -COEFFICIENT_RANGE), COEFFICIENT_RANGE)) for move in moves),
        variation=float(min(max(variation, 0.0), 1.0)),
    )
