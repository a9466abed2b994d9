"""The tables -> layouts for other people's surfaces: widgets on pages -> TouchOSC, Open Stage Control, a picture.

`widget` says what stands where, `pages` puts the controls there, `touchosc` and `open_stage` write it down.
"""

__all__: list[str] = []
