"""What a vocoder must reach: one row a figure."""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """The limit of one figure."""

    group: str
    """Part of the report it stands in."""
    figure: str
    """Its key there, which ends in its unit."""
    limit: float | str
    """The limit itself, or the key of another figure of the same group."""
    at_least: bool = False
    """Whether it must be reached, not kept below."""

    def check(self, figures: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
        """Hold a report's figures against the limit.

        Parameters
        ----------
        figures : mapping of str to mapping
            Figures by group.

        Returns
        -------
        dict
            `figure` (group and key), `bar`, `at_least`, `value`, `passed`.
        """
        group = figures[self.group]
        limit = group[self.limit] if isinstance(self.limit, str) else self.limit
        value = group[self.figure]
        return {
            "figure": f"{self.group}.{self.figure}",
            "bar": limit,
            "at_least": self.at_least,
            "value": value,
            "passed": bool(value >= limit if self.at_least else value <= limit),
        }


BARS = (
    Bar(group="held_notes", figure="median_cents", limit=5.0),
    Bar(group="held_notes", figure="p95_cents", limit=15.0),
    Bar(group="held_notes", figure="jitter_p90_cents", limit=10.0),
    Bar(group="chords", figure="worst_level_db", limit=3.0),
    Bar(group="chords", figure="worst_cents", limit=10.0),
    Bar(group="chords", figure="false_partial_db", limit=-30.0),
    Bar(group="kick_over_bass", figure="worst_level_db", limit=3.0),
    Bar(group="kick_over_bass", figure="worst_cents", limit=10.0),
    Bar(group="kick_over_bass", figure="false_partial_db", limit=-30.0),
    Bar(group="equal_kicks", figure="correlation", limit=0.98, at_least=True),
    Bar(group="equal_kicks", figure="peak_difference_db", limit=1.0),
    Bar(group="slide", figure="ripple_db", limit=1.5),
    Bar(group="onsets", figure="p95_ms", limit=4.0),
    Bar(group="silence", figure="half_dbfs", limit=-80.0),
    Bar(group="silence", figure="whole_dbfs", limit=-80.0),
    Bar(group="real_loops", figure="mel_l1_decades", limit=0.08),
    Bar(group="real_loops", figure="log_spectral_db", limit="griffin_lim_32_db"),
    Bar(group="real_loops", figure="seam", limit=1.0),
)
