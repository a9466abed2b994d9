"""Names of the controls that move a deck along a direction of its model."""

NAMED = {
    "density": "Sparser below 0, denser above.",
    "bass": "Lighter below 0, heavier above.",
    "brightness": "Darker below 0, brighter above.",
    "kick": "Less kick drum below 0, more above.",
    "hats": "Less hi-hat below 0, more above.",
    "register": "Lower notes below 0, higher above.",
    "notes": "Fewer notes below 0, more above.",
    "openness": "Filter closed below 0, open above.",
}
"""Directions that a model may have under these names, and what they do to the sound."""
OWN = tuple(f"own{number}" for number in range(1, 5))
"""For a model's other directions, in the order of its file."""
COMPONENTS = tuple(f"pc{number}" for number in range(1, 7))
"""Principal components of a model's w, the strongest first."""
FINE = {
    "swing": "Straighter below 0, offbeat sixteenths later above.",
    "syncopation": "On the beat below 0, off it above.",
    "noisiness": "More tones below 0, more noise above.",
    "decay": "Shorter below 0, ringing longer above.",
}
"""More of them, which are reached for less often."""
DIRECTION_NAMES = (*NAMED, *OWN, *COMPONENTS, *FINE)
"""All of them. New ones go to the end: control logs hold their strengths in this order."""
