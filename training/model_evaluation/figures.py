"""A figure: the model's value beside the reference that real loops give."""

from collections.abc import Mapping

Figure = dict[str, float | None]
"""`model`, `reference`, and their `ratio`, None where the reference is 0."""
Figures = dict[str, dict[str, Figure]]
"""Figures by group and name."""

MEANINGS: Mapping[str, str] = {
    "bins.different_share": "bins filled differently",
    "bins.js_divergence_nats": "histograms of the bins apart",
    "neighbours.density": "loops lie where held-out ones do",
    "neighbours.coverage": "held-out loops have one near",
    "memorising.nearest_median_sd": "to the nearest training loop",
    "memorising.nearest_least_sd": "the same, the nearest loop",
    "memorising.closest_share": "nearer than 99 % of held-out loops",
    "path.length_w": "speed of change in W, re even change",
    "seam.mel_step_p95": "step at the end re largest elsewhere",
    "seam.mel_largest_share": "loops whose largest step is the end",
    "seam.mel_over_bar_line": "step at the end re the bar line's",
    "seam.audio_step_p95": "step at the end re largest elsewhere",
    "seam.audio_step_worst": "the same, worst loop",
    "rhythm_mel.on_grid": "onsets within 7.8 ms of the grid",
    "rhythm_mel.at_tempo": "loops at the tempo within 2 %",
    "rhythm_mel.onsets": "onsets a loop",
    "rhythm_audio.on_grid": "the same, both through the vocoder",
    "rhythm_audio.at_tempo": "the same, both through the vocoder",
    "rhythm_audio.onsets": "the same, both through the vocoder",
    "twin.correlation": "envelopes of mel and audio",
    "twin.same_tempo": "the same tempo in mel and audio",
    "twin.onset_ratio": "onsets in the mel re the audio",
    "pitch.steady": "held notes within 15 cents of their pitch",
    "pitch.in_key": "the same of a note of the key",
    "pitch.held_notes": "held notes a loop",
}
"""What each figure says, in a line."""


def figure(model: float, reference: float) -> Figure:
    """Put a model's value beside its reference.

    Parameters
    ----------
    model, reference : float
        The values.

    Returns
    -------
    dict
        `model`, `reference`, `ratio`.
    """
    return {"model": model, "reference": reference, "ratio": model / reference if reference else None}
