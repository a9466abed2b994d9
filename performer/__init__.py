"""The instrument: clock, decks, mixer, devices, control surfaces and the command line.

::

    controls, actions     one table each: what can be moved, what can be pressed
    surfaces   session    -> control_process      hands, and what they get back later
    generation            -> worker_process       controls -> spectrograms -> clips of sound
    desk       output     -> audio_process        clips -> decks -> mix -> device
               output     -> headphones_process   cue -> a device of its own
    recording             -> recorder_process     to disk, and back to sound
    measuring             what the instrument promises

Processes meet in `memory` (shared) by one `clock`; the `supervisor` starts them. Only `generation` imports torch.
"""

from performer.errors import ControlError, PerformerError

__all__ = ["ControlError", "PerformerError"]
