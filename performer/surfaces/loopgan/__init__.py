"""LoopGAN's public Max patch, served: request -> batch of four loops -> WAV and PNG -> answer.

`request` reads what the patch sends, `batch` draws, `files` writes and clears away, `server` answers. It is a process
of its own beside the instrument, which needs none of it; torch is loaded by `batch` alone.

References
----------
Nao Tokui, LoopGAN (github.com/naotokui/LoopGAN): LoopGAN.maxpat, and what its notebook does with each message.
"""

__all__: list[str] = []
