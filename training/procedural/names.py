"""Names of the genres, for a command line that must not wait for their code."""

GENRE_NAMES = ("techno", "house", "breaks", "percussion", "bass", "pads", "nature", "tones", "sweeps")
"""The keys of `genres.GENRES`, in its order."""
