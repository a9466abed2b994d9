"""How well a vocoder gives back what it was given: figures, bars, a table and a picture.

::

    tones, real_loops -> resynthesis -> pitch      (held notes, pads, bass lines)
                                        chords     (dyads, triads, kick over bass)
                                        hits       (equal kicks, slide, onsets)     -> report, picture
                                        distances  (spectra, mel, silence, seam)

`resynthesise` is any callable from loops to loops; `trained` is a vocoder file's network,
`griffin_lim` the one to beat (from what the vocoder is given, `vocoder_mel`; beside it
from a finer mel of its own), `plain` the prototype's.
"""

from melgan_vocoder.lazy import load_later

__all__ = [
    "GriffinLim",
    "compare_reports",
    "count_work",
    "draw_picture",
    "evaluate",
    "read_real_loops",
]

__getattr__ = load_later(
    __name__,
    {
        "GriffinLim": "griffin_lim",
        "count_work": "report",
        "draw_picture": "picture",
        "evaluate": "report",
        "read_real_loops": "real_loops",
        "compare_reports": "report_table",
    },
)
