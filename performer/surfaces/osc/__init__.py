"""OSC: packets, the server, who listens, the tree that OSCQuery shows; see `docs/osc.md`."""
