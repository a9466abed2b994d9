"""How large each step is, and how fast the running mean of the weights forgets."""

import math


def rate_share(step: int, progress: float, *, warmup_steps: int, final_share: float) -> float:
    """Step size as a share of the greatest: a linear rise, then half a cosine down.

    Parameters
    ----------
    step : int
        Steps done.
    progress : float
        How much of the run is done; 1 is the end.
    warmup_steps : int
        Steps of the rise.
    final_share : float
        Share at the end.

    Returns
    -------
    float
        Above 0, at most 1.
    """
    rise = min(1.0, (step + 1) / (warmup_steps + 1))
    fall = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return rise * (final_share + (1 - final_share) * fall)


def ema_decay(step: int, decay: float) -> float:
    """Decay of the running mean of the weights: short at first, so that it forgets the random beginning."""
    return min(decay, (1 + step) / (10 + step))
