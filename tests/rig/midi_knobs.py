"""A MIDI controller: opens the port of its first argument and sends each line `channel controller value` it reads."""

import sys

import mido

with mido.open_output(sys.argv[1], virtual=True) as port:
    print("ready", flush=True)
    for line in sys.stdin:
        channel, control, value = map(int, line.split())
        port.send(mido.Message("control_change", channel=channel - 1, control=control, value=value))
