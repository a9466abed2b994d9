"""A clock that follows another one: how fast a device must read what another device's clock writes.

References
----------
Adriaensen, Controlling adaptive resampling, Linux Audio Conference 2012: a second-order loop of low bandwidth behind a
filter, fed with times and not with the fill of a buffer, which jumps by a block.
"""

import math

BANDWIDTH_HZ = 0.02
"""Of the loop: 200 ppm of difference are made up for within half a minute, at no more than 0.6 ms of error."""
FILTER_HZ = 0.5
"""What jitters faster than this is not followed."""
MOST_PPM = 500.0
"""Clocks differ by less, and nobody hears a pitch move by this: 0.9 cents."""


class Follower:
    """How fast to read.

    Attributes
    ----------
    speed : float
        About 1: how much faster than the nominal rates say.
    error_s : float
        Filtered distance from the place to be at, in seconds.
    """

    def __init__(self) -> None:
        self.speed = 1.0
        self.drift = 0.0
        self.coarse_s = 0.0
        self.error_s = 0.0

    def follow(self, error_s: float, *, step_s: float) -> float:
        """Take in how far away the place to be at is, and tell the speed until the next time.

        Parameters
        ----------
        error_s : float
            Seconds of sound from the place that is read to where it should be; jitter included.
        step_s : float
            Time since the last time.

        Returns
        -------
        float
            `speed`.
        """
        share = -math.expm1(-2 * math.pi * FILTER_HZ * step_s)
        self.coarse_s += share * (error_s - self.coarse_s)
        self.error_s += share * (self.coarse_s - self.error_s)
        pull = 2 * math.pi * BANDWIDTH_HZ
        most = MOST_PPM / 1e6
        self.drift = min(max(self.drift + pull**2 * self.error_s * step_s, -most), most)
        self.speed = 1 + min(max(self.drift + 2 * pull * self.error_s, -most), most)
        return self.speed

    def settle(self) -> None:
        """Forget the error, for the place is moved; the clocks' difference stays known."""
        self.coarse_s = self.error_s = 0.0
        self.speed = 1 + self.drift
