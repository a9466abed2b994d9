"""MIDI controllers: ports, mappings, learn, LEDs and clock; see `docs/midi.md`."""
