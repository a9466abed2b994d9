"""A corpus of loops -> a vocoder file.

::

    corpus --batches--> cuts of loops --analysis--> spectrogram --Vocoder--> sub-bands, audio
                                          |                                       |
                                          +------ targets ---> losses <-----------+
    config (presets/*.yaml) -> trainer -> checkpoint, run_log; command starts it all
"""

__all__: list[str] = []
