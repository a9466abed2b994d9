"""A folder of recordings, tracks or loops -> a corpus of 2-bar loops at their own tempi.

::

    audio_file --> tempo_hint ----------------------------------------+
        |          onsets --> tempo --> bar_profile --> downbeat -----+--> placement --> cutting --> loudness --+
        |                                evidence, onset_rise --^     |                                         |
        +--------- whole_bars ----------------------------------------+        rejection, meter, fingerprint <--+
                                                                                            |
                        file_loops (all of the above, for one file) --> journal --> build --> a corpus, summary, picture

Names are loaded when first used, so that `--help` is fast.
"""

from melgan_vocoder.lazy import load_later

__all__ = ["ROLES", "BarGrid", "Settings", "build_corpus", "find_grid"]

__getattr__ = load_later(
    __name__,
    {
        "ROLES": "settings",
        "BarGrid": "downbeat",
        "Settings": "settings",
        "build_corpus": "build",
        "find_grid": "downbeat",
    },
)
