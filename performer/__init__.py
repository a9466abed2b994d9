"""The instrument: clock, decks, mixer, devices, control surfaces and the command line.

::

    controls (one table) <- osc, midi, cli      settings -> renderer -> pages -> playback (mixer) -> outputs
    control_process                             worker_process           audio_process
    ------------------------------ memory (shared), clock, supervisor ------------------------------------

Only `renderer` imports torch, and only the worker process and `loopmorph render` import `renderer`.
"""

from performer.errors import ControlError, PerformerError

__all__ = ["ControlError", "PerformerError"]
