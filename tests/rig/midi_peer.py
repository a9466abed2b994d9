"""A MIDI controller with LEDs, or a clock: opens ports of the name of its first argument, both ways.

Lines that it reads: `cc CHANNEL NUMBER VALUE`, `note CHANNEL NUMBER VALUE`, `tempo BPM` (a clock from there on; 0 ends
it), `start`, `stop`. Whatever it hears is a line of JSON: when, what and its bytes.
"""

import json
import sys
import threading
import time

import mido

PRINTING = threading.Lock()


def hear(message: mido.Message) -> None:
    """Tell what was heard."""
    with PRINTING:
        print(json.dumps([time.monotonic(), message.type, message.bytes()]), flush=True)


class Clock:
    """Sends pulses on a thread."""

    def __init__(self, port: mido.ports.BaseOutput) -> None:
        self.port, self.tempo_bpm, self.wanted = port, 0.0, threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        due_s = time.monotonic()
        while True:
            if not self.tempo_bpm:
                self.wanted.wait()
                self.wanted.clear()
                due_s = time.monotonic()
                continue
            due_s += 60 / self.tempo_bpm / 24
            time.sleep(max(due_s - time.monotonic(), 0))
            self.port.send(mido.Message("clock"))

    def set_tempo(self, tempo_bpm: float) -> None:
        self.tempo_bpm = tempo_bpm
        self.wanted.set()


with (
    mido.open_output(sys.argv[1], virtual=True) as port,
    mido.open_input(sys.argv[1], virtual=True, callback=hear),
):
    clock = Clock(port)
    with PRINTING:
        print("ready", flush=True)
    for line in sys.stdin:
        kind, *numbers = line.split()
        if kind == "tempo":
            clock.set_tempo(float(numbers[0]))
        elif kind in ("start", "stop"):
            port.send(mido.Message(kind))
        else:
            channel, number, value = map(int, numbers)
            fields = {"control": number, "value": value} if kind == "cc" else {"note": number, "velocity": value}
            name = "control_change" if kind == "cc" else "note_on"
            port.send(mido.Message(name, channel=channel - 1, **fields))
