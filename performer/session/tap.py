"""Tap tempo: the tempo of a hand that taps along."""

import statistics

from performer.controls import TEMPO_RANGE_BPM

MAX_TAPS = 8
"""Taps that count: the newest."""
PAUSE_S = 2.0
"""A tap after a longer pause is the first of a new tempo."""
OUTLIER = 0.25
"""So is one that comes earlier or later than the others by a larger share of their interval."""


class TapTempo:
    """Tempo of the newest taps."""

    def __init__(self) -> None:
        self.taps_s: list[float] = []

    def tap(self, now_s: float) -> float | None:
        """Take a tap.

        Parameters
        ----------
        now_s : float
            When it came, in seconds of any clock that runs evenly.

        Returns
        -------
        float or None
            Tempo in beats a minute, 60 to 200, from the median interval; None for the first tap of a tempo.
        """
        if self.taps_s:
            last_s = now_s - self.taps_s[-1]
            interval_s = self.interval_s()
            if last_s > PAUSE_S or (interval_s is not None and abs(last_s - interval_s) > OUTLIER * interval_s):
                self.taps_s.clear()
        self.taps_s = [*self.taps_s, now_s][-MAX_TAPS:]
        found_s = self.interval_s()
        if found_s is None:
            return None
        lowest, highest = TEMPO_RANGE_BPM
        return min(max(60.0 / max(found_s, 1e-3), lowest), highest)

    def interval_s(self) -> float | None:
        """Median interval between the taps; None for fewer than two."""
        intervals = [later - earlier for earlier, later in zip(self.taps_s, self.taps_s[1:], strict=False)]
        return statistics.median(intervals) if intervals else None
