"""w + strength x direction: the move itself."""

import numpy as np

from directions.table import Direction


def apply(ws: np.ndarray, direction: Direction, *, strength: float) -> np.ndarray:
    """Move mapped latents along a direction.

    Parameters
    ----------
    ws : np.ndarray [shape=(..., n_levels, w_dim)]
        Mapped latents of each level.
    direction : Direction
        Where to.
    strength : float
        How far, in standard deviations of w; about -3 to 3. 0 returns `ws` itself, bit for bit.

    Returns
    -------
    np.ndarray [shape=(..., n_levels, w_dim)]
        float32; only the direction's levels differ.
    """
    if strength == 0:
        return ws
    moved = ws.astype(np.float32, copy=True)
    moved[..., list(direction.levels), :] += np.float32(strength * direction.sigma) * direction.vector
    return moved
