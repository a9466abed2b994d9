"""A step: what moves, what stays, the same however it is cut into passes, and skipped where it is not finite."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from stylegan_audio.discriminator import Discriminator
from training.errors import TrainingError
from training.gan.config import BatchConfig
from training.gan.optimisers import lazy_adam
from training.gan.reals import Material, RealBatches
from training.gan.trainer import GanTrainer

Make = Callable[..., GanTrainer]


def state_of(trainer: GanTrainer, *names: str) -> dict[str, torch.Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name in names or trainer.networks
        for key, value in trainer.networks[name].state_dict().items()
    }


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def reals(material: Material, step: int = 0) -> np.ndarray:
    return RealBatches(material, batch_size=8, seed=0, rows=slice(None)).batch(step)


def test_step_moves_every_weight_and_no_noise(make_trainer: Make, material: Material) -> None:
    trainer = make_trainer()
    before = state_of(trainer)
    figures = [trainer.train_step(reals(material, step), step=step) for step in range(2)]
    still = set(before) - changed(before, state_of(trainer))
    assert {name.split(".")[-1] for name in still} <= {"noise", "probability", "sign_sum", "path_length"}
    assert set(figures[0]) == {"discriminator", "real_sign", "r1", "generator", "augmentation"}
    assert set(figures[1]) == set(figures[0]) - {"r1"}
    assert all(value.isfinite() for value in figures[0].values())


def test_training_tells_drawn_loops_from_real_ones_apart_and_draws_better_ones(
    make_trainer: Make, material: Material
) -> None:
    trainer = make_trainer(
        augmentation={"target": 0.0}, optimiser={"learning_rate": 0.01, "discriminator_learning_rate": 0.01}
    )
    all_reals = torch.from_numpy(np.asarray(material.spectrograms)).float()
    needed = all_reals[:, 0].mean(dim=(0, 2))

    def distance() -> float:
        with torch.no_grad():
            drawn = trainer.averaged(torch.randn(64, 6, generator=torch.Generator().manual_seed(0)))
        return (drawn[:, 0].mean(dim=(0, 2)) - needed).square().mean().sqrt().item()

    begin = distance()
    for step in range(40):
        trainer.train_step(reals(material, step), step=step)
    assert distance() < begin / 2


def test_passes_of_a_few_loops_equal_one_pass_of_all(make_trainer: Make, material: Material) -> None:
    loss = {"path_length_weight": 0.0, "mixing_share": 0.5}
    whole = make_trainer(loss=loss)
    cut = make_trainer(loss=loss, batch=BatchConfig(batch_size=8, images_per_pass=4, n_threads=1))
    assert (whole.n_passes, cut.n_passes) == (1, 2)
    for step in range(3):
        figures = [trainer.train_step(reals(material, step), step=step) for trainer in (whole, cut)]
        torch.testing.assert_close(figures[0], figures[1], rtol=1e-4, atol=1e-4)


def test_path_length_regularisation_moves_the_generator_alone(make_trainer: Make) -> None:
    trainer = make_trainer(loss={"path_length_weight": 2.0})
    before = state_of(trainer, "generator", "discriminator", "state")
    length = trainer.regularise_paths(step=0)
    moved = {name.split(".")[0] for name in changed(before, state_of(trainer, "generator", "discriminator", "state"))}
    assert moved == {"generator", "state"}
    assert trainer.state.path_length.item() == pytest.approx(0.01 * length.item())


def test_mixed_styles_take_fine_levels_from_the_other_latent(make_trainer: Make) -> None:
    trainer = make_trainer(loss={"mixing_share": 1.0})
    ((_, drawn),) = trainer.parts("generator", step=0)
    seen: list[torch.Tensor] = []
    trainer.synthesise = lambda ws, noise: seen.append(ws) or ws  # type: ignore[assignment]
    trainer.imagine(drawn)
    coarse, fine = trainer.generator.mapping(drawn.z), trainer.generator.mapping(drawn.z_fine)
    for loop, crossover in enumerate(drawn.crossover.tolist()):
        for level in range(3):
            assert torch.equal(seen[0][loop, level], (fine if level >= crossover else coarse)[loop])


def test_frozen_levels_of_the_discriminator_keep_their_weights(make_trainer: Make, material: Material) -> None:
    trainer = make_trainer(optimiser={"frozen_levels": 1})
    before = state_of(trainer, "discriminator")
    for step in range(2):
        trainer.train_step(reals(material, step), step=step)
    still = set(before) - changed(before, state_of(trainer, "discriminator"))
    assert still == {name for name in before if name.startswith(("discriminator.from_", "discriminator.levels.0."))}


def test_step_that_is_not_finite_moves_nothing(make_trainer: Make, material: Material) -> None:
    trainer = make_trainer()
    before = state_of(trainer)
    broken = reals(material)
    broken[3, 0, 5, 7] = np.nan
    assert trainer.train_step(broken, step=0) is None
    assert not changed(before, state_of(trainer))
    assert trainer.train_step(reals(material), step=1) is not None


def test_penalty_is_of_as_many_reals_as_asked_for_and_moves_the_discriminator_alone(
    make_trainer: Make, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(loss={"r1_images": 4})
    seen: list[torch.Size] = []
    forward = Discriminator.forward
    monkeypatch.setattr(Discriminator, "forward", lambda self, x: (seen.append(x.shape), forward(self, x))[1])
    before = state_of(trainer, "generator", "discriminator")
    trainer.penalise_gradients(torch.from_numpy(reals(material)).float(), step=0)
    assert seen == [(4, 2, 16, 64)]
    names = changed(before, state_of(trainer, "generator", "discriminator"))
    assert {name.split(".")[0] for name in names} == {"discriminator"}


def test_lazy_optimiser_moves_as_far_in_one_more_step() -> None:
    adam = lazy_adam([torch.nn.Parameter(torch.zeros(2))], rate=0.002, betas=(0.5, 0.99), every=16)
    (group,) = adam.param_groups
    assert group["lr"] == pytest.approx(0.002 * 16 / 17)
    assert group["betas"] == pytest.approx((0.5 ** (16 / 17), 0.99 ** (16 / 17)))
    assert (
        lazy_adam([torch.nn.Parameter(torch.zeros(2))], rate=0.002, betas=(0.0, 0.99), every=0).defaults["lr"] == 0.002
    )


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"batch": {"images_per_pass": 4}, "loss": {"r1_images": 4}},
            r"r1_images is 4, a multiple of 8 \(2 parts of a",
        ),
        ({"batch": {"batch_size": 12, "images_per_pass": 8}}, r"batch_size is 12, a multiple of 8 \(1 GPUs x 2 passes"),
    ],
)
def test_batch_that_would_cut_a_group_is_refused(make_trainer: Make, sections: dict[str, object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        make_trainer(**sections)


def test_half_precision_learns_alike(make_trainer: Make, material: Material) -> None:
    """What a GPU does, as far as a CPU can."""
    plain, half = make_trainer(), make_trainer(optimiser={"channels_last": True})
    half.is_half = True
    half.generator.synthesis.feature_dtype = torch.bfloat16
    require_alike(plain, half, material)
    assert all(value.dtype == torch.float32 for value in half.generator.parameters())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_compiled_networks_learn_alike_and_are_whole_graphs(make_trainer: Make, material: Material) -> None:
    plain, compiled = make_trainer(), make_trainer()
    compiled.synthesise = torch.compile(compiled.generator.synthesis, backend="eager", fullgraph=True)
    compiled.judge_view = torch.compile(compiled.discriminator, backend="eager", fullgraph=True)
    require_alike(plain, compiled, material)


def require_alike(plain: GanTrainer, other: GanTrainer, material: Material) -> None:
    """Compare the losses of three steps."""
    for step in range(3):
        figures = [trainer.train_step(reals(material, step), step=step) for trainer in (plain, other)]
        needed, got = ({name: value.item() for name, value in told.items()} for told in figures)
        assert got == pytest.approx(needed, abs=0.15, rel=0.15)
