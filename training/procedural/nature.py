"""Nature: one to three scenes at once, from wind to birds, some in a room or a valley."""

from collections.abc import Callable

import numpy as np

from training.procedural.animals import birds, frogs, insects
from training.procedural.grid import amplitude, empty_loop, level_loop, set_peak
from training.procedural.motion import dripping, footsteps, rolling, scraping
from training.procedural.noise import reverb_round
from training.procedural.one_shots import OneShots
from training.procedural.seeding import chance, noise_seed
from training.procedural.weather import crackle, rain, stream, surf, wind

SCENES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "wind": wind,
    "rain": rain,
    "stream": stream,
    "surf": surf,
    "crackle": crackle,
    "birds": birds,
    "insects": insects,
    "frogs": frogs,
    "footsteps": footsteps,
    "rolling": rolling,
    "dripping": dripping,
    "scraping": scraping,
}
"""What a loop may hold."""


def draw_nature(rng: np.random.Generator, _one_shots: OneShots | None = None) -> np.ndarray:
    """Draw a loop of nature; one-shots are not used. Returns float32 `[N_SAMPLES]`."""
    names = rng.choice(list(SCENES), int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15])), replace=False)
    loop = empty_loop()
    for place, name in enumerate(names):
        level_db = 0.0 if place == 0 else rng.uniform(-18.0, 0.0)
        loop += set_peak(SCENES[str(name)](rng), 0.0) * np.float32(amplitude(level_db))
    if chance(rng, 0.35):
        loop = reverb_round(loop, seed=noise_seed(rng), decay_s=rng.uniform(0.3, 2.5), mix=rng.uniform(0.1, 0.6))
    return level_loop(loop, rng)
