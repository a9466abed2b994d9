"""An ear on a JACK server: `python jack_ear.py PORT` counts every sample of an output port, and can set the clock free.

It obeys lines on standard input: `freewheel 1`, `freewheel 0` (JACK then runs as fast as its clients can, and waits for
each of them), and `save FILE`, which writes the newest samples. It answers each with the number of samples heard so
far; that of a file is that of its end.
"""

import ctypes
import ctypes.util
import sys

import numpy as np

KEPT = 1 << 18
"""Samples that are kept, 5.5 s."""
AUDIO = b"32 bit float mono audio"
INPUT = 1
PROCESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


def load_jack() -> ctypes.CDLL:
    library = ctypes.CDLL(ctypes.util.find_library("jack") or "libjack.so.0")
    library.jack_client_open.restype = ctypes.c_void_p
    library.jack_port_register.restype = ctypes.c_void_p
    library.jack_port_register.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_ulong,
        ctypes.c_ulong,
    ]
    library.jack_port_get_buffer.restype = ctypes.c_void_p
    library.jack_port_get_buffer.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.jack_set_process_callback.argtypes = [ctypes.c_void_p, PROCESS, ctypes.c_void_p]
    library.jack_connect.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    library.jack_set_freewheel.argtypes = [ctypes.c_void_p, ctypes.c_int]
    for name in ("jack_activate", "jack_client_close"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    return library


def main(source: str) -> None:
    jack = load_jack()
    client = jack.jack_client_open(b"ear", 1, None)  # 1: start no server
    if not client:
        raise SystemExit("no JACK server")
    port = jack.jack_port_register(client, b"in", AUDIO, INPUT, 0)
    kept = np.zeros(KEPT, np.float32)
    heard = 0

    def process(n: int, _: object) -> int:
        nonlocal heard
        pointer = ctypes.cast(jack.jack_port_get_buffer(port, n), ctypes.POINTER(ctypes.c_float))
        kept[(heard + np.arange(n)) % KEPT] = np.ctypeslib.as_array(pointer, (n,))
        heard += n
        return 0

    callback = PROCESS(process)
    jack.jack_set_process_callback(client, callback, None)
    jack.jack_activate(client)
    if jack.jack_connect(client, source.encode(), b"ear:in"):
        raise SystemExit(f"no port {source}")
    print("ready", flush=True)
    for line in sys.stdin:
        command, argument = line.split()
        if command == "freewheel":
            jack.jack_set_freewheel(client, int(argument))
            print(heard, flush=True)
        else:
            end, newest = heard, kept.copy()  # the callback waits meanwhile for the interpreter
            np.save(argument, np.roll(newest, -end % KEPT))
            print(end, flush=True)
    jack.jack_client_close(client)


if __name__ == "__main__":
    main(sys.argv[1])
