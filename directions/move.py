"""w + directions -> the latent of each level: the move itself."""

from collections.abc import Sequence

import numpy as np

from directions.curve import Curve, follow
from directions.table import Direction, Line


def move(w: np.ndarray, moves: Sequence[tuple[Direction, float]], *, n_levels: int) -> np.ndarray:
    """Move mapped latents along directions, and give each level its own.

    Parameters
    ----------
    w : np.ndarray [shape=(n, w_dim)]
        float32 mapped latents.
    moves : sequence of (Direction, float)
        Directions, and how far to go along each, in standard deviations of w; about -3 to 3. One of 0 changes no bit.
    n_levels : int
        Levels of the synthesis network.

    Returns
    -------
    np.ndarray [shape=(n, n_levels, w_dim)]
        float32: along all curves at once, then along the lines on the levels that these act on.
    """
    w = follow(w, [(direction, strength) for direction, strength in moves if isinstance(direction, Curve)])
    ws = np.repeat(w[:, None], n_levels, axis=1)
    for direction, strength in moves:
        if isinstance(direction, Line) and strength:
            ws[:, list(direction.levels)] += np.float32(strength * direction.sigma) * direction.vector
    return ws
