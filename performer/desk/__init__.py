"""The sound of the decks, sample by sample: clips are read by voices, shaped and mixed. One numba kernel."""
