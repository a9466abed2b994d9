"""Teaching a model by ear: audio files -> places and directions in W -> the owner's copy of the model.

`command` asks, `directions` searches, `own_copy` keeps what was found.
"""

__all__: list[str] = []
