"""A corpus of spectrograms -> a loop model.

::

    spectrograms --reals--> spectrogram --augmentation--> view --Discriminator--> logits --losses--> weights
                                 ^
    (seed, step) --draws--> z, noise --Generator--> spectrogram
    config (presets/*.yaml) -> trainer, on as many GPUs as distributed knows -> run -> export; command starts it all
"""

__all__: list[str] = []
