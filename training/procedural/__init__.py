"""Genre and seed -> loops from nothing: corpora that nobody had to record.

::

    seeding --> rhythm --> techno, house, breaks, percussion --> drums --+
                one_shots, drum_voices, metal_voices --> kit ----^       |
                harmony --> line, melodies --> bass, pads ---------------+--> genres --> synthesise --> a corpus
                weather, animals, motion --> nature ---------------------+
                tones, sweeps -------------------------------------------+
            (all placed by grid; sounding through oscillators, noise, filters, envelopes)

Names are loaded when first used, so that `--help` is fast.
"""

from melgan_vocoder.lazy import load_later

__all__ = ["GENRES", "OneShots", "draw_loop", "read_one_shots", "synthesise"]

__getattr__ = load_later(
    __name__,
    {
        "GENRES": "genres",
        "OneShots": "one_shots",
        "draw_loop": "genres",
        "read_one_shots": "sample_folder",
        "synthesise": "synthesis",
    },
)
