"""Golden outputs of DiffComoSVC."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.svc._singing.losses import ssim_loss
from hiervox.models.svc.diffcomo_svc.losses import consistency_target, denoising_loss, prior_loss
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC, DiffComoSVCSizes, PriorOutput
from hiervox.models.svc.diffcomo_svc.published import (
    AVERAGE,
    NETWORK,
    TEACHER,
    import_student,
    import_teacher,
)
from hiervox.modules.losses.reconstruction import masked_mse
from tests.golden import Case, Golden, Output, with_weights
from tests.models.svc.golden_songs import condition_of, song_of

CONFIG = {
    "model": {
        "conformer": {"n_layers": 3, "n_heads": 2},
        "diffusion": {"bidilconv": {"dilation_cycle_length": 4}},
    }
}
AVERAGED = "average.layers.2.dilated.weight"
DECAY = 0.95


def _network(golden: Golden, name: str) -> DiffComoSVC:
    """A student, or the teacher of that name."""
    weights = golden.state_dict()
    if name == NETWORK:
        own = f"1.decoder.{NETWORK}."
        weights = {key: it for key, it in weights.items() if "decoder" not in key or key.startswith(own)}
    sections, weights = (import_student if name == AVERAGE else import_teacher)(weights, CONFIG)
    sizes = sections["model"]
    assert isinstance(sizes, DiffComoSVCSizes)
    network: DiffComoSVC = with_weights(DiffComoSVC(sizes), weights)
    return network


def diffcomo_svc(golden: Golden) -> Iterator[Output]:
    """The prior, the denoiser, losses of teacher and student, and their samples."""
    teacher, student = (_network(golden, name) for name in (NETWORK, AVERAGE))
    song, mel = song_of(golden), golden["mel"].mT
    condition = condition_of(golden, teacher)
    yield "condition", condition.mT
    prior = teacher.prior(condition, song.mask)
    yield "prior", prior.mT, golden["prior"] * song.mask.mT
    prior = golden["prior"].mT  # published unmasked, as are the passes below
    whole = torch.ones_like(song.mask)
    yield "denoised", teacher.denoise(golden["noisy"], golden["sigma"].flatten(), prior)
    output = PriorOutput(prior, mel, song.mask)
    level = (1.2 * golden["teacher_normal"] - 1.2).exp().flatten()
    noisy = mel + level[:, None, None] * (golden["teacher_noise"] + prior)
    clean = teacher.denoise(noisy, level, prior)
    start = golden["sample_start"]

    def noise(draw: int) -> Tensor:
        return start if draw == 0 else golden["sample_noise"][draw - 1]

    known = [
        ssim_loss(prior, mel, whole),  # published over padding, too
        prior_loss(output) / teacher.sizes.mel_channels,  # published divided by the bins twice
    ]
    denoising = denoising_loss(clean, output, level, teacher.sizes.data_deviation)
    yield "losses_teacher", torch.stack([*known, denoising])
    yield "losses_teacher_without_diffusion", torch.stack([*known, torch.zeros(())])
    yield "sample_teacher_5", teacher.sample(prior, noise, 5).mT
    yield "sample_student_1", student.jump(prior, noise, 1).mT
    yield "sample_student_4", student.jump(prior, noise, 4).mT
    yield "sigmas_4", student.levels(5).flip(0)
    yield "sigmas_train", torch.cat([torch.zeros(1), student.levels(10)])
    student.follow(DECAY)
    levels, number, drawn = student.levels(10), golden["student_n"], golden["student_noise"]
    low, high = levels[number - 1], levels[number]
    given = PriorOutput(prior, mel, whole), low, high, drawn
    aim = consistency_target(student, _network(golden, TEACHER), *given)
    made = student.denoise(mel + high[:, None, None] * (drawn + prior), high, prior)
    yield "losses_student", torch.stack([*known, masked_mse(made, aim, song.mask)])
    # signal and gate stand in the other order there
    yield "student_ema_after", torch.cat(student.state_dict()[AVERAGED].chunk(2)[::-1])


CASES: dict[str, Case] = {"svc_comosvc": diffcomo_svc}
