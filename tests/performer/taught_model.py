"""A copy of the shipped drums that was taught more: directions of every kind, and presets."""

import pathlib

import numpy as np

from stylegan_audio import SHIPPED_MODELS, ModelHeader, read_model_header, rewrite_model

OFFERED = ("density", "bass", "brightness", "hats", "density.hold", "grit", "air", "pc1", "pc2")
REASON = "it moves density as much"
PRESETS = ("amen", "stomp")


def teach_drums(path: pathlib.Path) -> ModelHeader:
    """Write the copy: what `OFFERED` names, `kick` and `bass.hold` that are not offered, and `PRESETS`."""
    header = read_model_header(SHIPPED_MODELS / "drums.safetensors")
    rng = np.random.default_rng(5)
    entry = {"attribute": "x", "levels": list(range(header.config.n_levels)), "sigma": 0.5}
    table = {}
    for name in (*OFFERED, "kick", "bass.hold"):
        vector = rng.standard_normal(header.config.w_dim).astype(np.float32)
        report = {"offered": True} if name in OFFERED else {"offered": False, "reason": REASON}
        table[name] = ({**entry, "name": name, "report": report}, vector / np.linalg.norm(vector))
    presets = {name: ({}, rng.standard_normal(header.config.w_dim).astype(np.float32)) for name in PRESETS}
    return rewrite_model(header, path, directions=table, presets=presets)
