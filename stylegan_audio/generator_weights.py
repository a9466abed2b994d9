"""Model file -> generator: the part of loading that needs torch."""

import numpy as np
import torch

from stylegan_audio.errors import ModelError
from stylegan_audio.generator import Generator
from stylegan_audio.model_file import ModelHeader


def load_generator(header: ModelHeader) -> Generator:
    """Load the generator of a checked model file, ready to play.

    Parameters
    ----------
    header : ModelHeader
        What `read_model_header` returned.

    Returns
    -------
    Generator
        float32 on the CPU, in evaluation mode, no gradients.

    Raises
    ------
    LoopmorphError
        If the tensors do not fit the architecture, or are not finite.
    """
    generator = Generator(header.mel_format, header.config)
    state = {name: torch.from_numpy(array.astype(np.float32)) for name, array in header.generator_state().items()}
    try:
        generator.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ModelError(
            f"{header.weights.source}: its tensors do not fit its architecture ({reason}); export the file again"
        ) from error
    return generator.eval().requires_grad_(False)


def generator_tensors(generator: Generator) -> dict[str, np.ndarray]:
    """Take a generator's state as numpy arrays, for `write_model`.

    Parameters
    ----------
    generator : Generator
        Folded: no factors of equalised learning rate left.

    Returns
    -------
    dict of str to np.ndarray
        float32 arrays by name.
    """
    return {name: tensor.detach().cpu().float().numpy() for name, tensor in generator.state_dict().items()}
