"""The performer's hands: OSC and MIDI."""
