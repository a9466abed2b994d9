import dataclasses
import pathlib

import numpy as np
import pytest
import torch

from directions.move import move
from directions.table import read_directions
from melgan_vocoder.weights_file import read_tensors
from performer.measuring.latency import SEEDS
from performer.measuring.still_model import STILL, write_still_model
from performer.repertoire import read_repertoire
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.latent import seed_latent
from stylegan_audio.model_file import ModelHeader
from stylegan_audio.rewriting import rewrite_model


@pytest.fixture(scope="module")
def still(drums_header: ModelHeader, tmp_path_factory: pytest.TempPathFactory) -> ModelHeader:
    path: pathlib.Path = tmp_path_factory.mktemp("models") / "still.safetensors"
    return write_still_model(drums_header, path)


def test_its_direction_moves_w_and_not_a_bit_of_what_is_drawn(still: ModelHeader) -> None:
    generator = load_generator(still)
    direction = read_directions(still)[STILL]
    z = torch.from_numpy(seed_latent(SEEDS[0], still.config.z_dim))[None]
    with torch.inference_mode():
        w = generator.map(z).numpy()
        ws, moved = (move(w, [(direction, strength)], n_levels=still.config.n_levels) for strength in (0.0, 2.0))
        assert not np.array_equal(ws, moved)
        for dtype in (torch.float32, torch.bfloat16):
            generator.synthesis.feature_dtype = dtype
            drawn, again = (generator.synthesis.window(torch.from_numpy(place), 5, 40) for place in (ws, moved))
            assert torch.equal(drawn, again)


def test_its_direction_is_played_even_if_that_of_its_model_is_not_offered(
    drums_header: ModelHeader, tmp_path: pathlib.Path
) -> None:
    table = drums_header.direction_table()
    entry, vector = table[STILL]
    refused = {**table, STILL: ({**entry, "report": {"offered": False, "reason": "it moves density"}}, vector)}
    header = rewrite_model(drums_header, tmp_path / "drums.safetensors", directions=refused)
    assert STILL not in read_repertoire(header).directions
    assert STILL in read_repertoire(write_still_model(header, tmp_path / "still.safetensors")).directions


def test_it_is_as_large_as_its_model_and_differs_in_one_column(still: ModelHeader, drums_header: ModelHeader) -> None:
    assert still.config == drums_header.config
    assert dict(still.weights.shapes) == dict(drums_header.weights.shapes)
    names = [name for name in still.weights.shapes if not name.startswith(("direction.", "attributes."))]
    copy, model = (read_tensors(header.weights, names) for header in (still, drums_header))
    cut = {
        tuple(np.flatnonzero(np.any(copy[name] != model[name], axis=0)))
        for name in names
        if not np.array_equal(copy[name], model[name])
    }
    assert len(cut) == 1
    assert len(cut.pop()) == 1


def test_its_other_directions_and_its_identity_are_the_models(still: ModelHeader, drums_header: ModelHeader) -> None:
    copy, model = read_directions(still), read_directions(drums_header)
    assert list(copy) == list(model)
    for name, direction in copy.items():
        offered = {"offered": True} if name == STILL else {}
        expected = dataclasses.replace(model[name], report={**model[name].report, **offered})
        assert direction.entry() == expected.entry()
    assert dataclasses.asdict(still.identity) == dataclasses.asdict(drums_header.identity)
