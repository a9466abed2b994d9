"""The instrument: clock, decks, mixer, devices, control surfaces and the command line.

::

    controls, actions   <- osc, midi, cli       settings -> renderer -> pages -> playback (mixer) -> outputs
    control_process                             worker_process           audio_process
    ------------------------------ memory (shared), clock, supervisor ------------------------------------
    tape, journal, ledger -> recorder -> take: sound file, control log -> replay -> rerun (render --log)
    recorder_process

Only `renderer` imports torch, and only the worker process and `loopmorph render` import `renderer`.
"""

from performer.errors import ControlError, PerformerError

__all__ = ["ControlError", "PerformerError"]
