"""How the ear weighs frequencies when it judges loudness."""

import numpy as np

K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
"""Second-order sections at 48 kHz, a head's shelf and a high-pass: ITU-R BS.1770-5 (2023), annex 1, tables 1 and 2."""
