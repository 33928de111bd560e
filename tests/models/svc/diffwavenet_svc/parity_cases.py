"""Golden outputs of DiffWaveNetSVC."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.svc.diffwavenet_svc.network import DiffWaveNetSVC, DiffWaveNetSVCSizes
from hiervox.models.svc.diffwavenet_svc.published import import_diffwavenet_svc
from hiervox.modules.diffusion.process import NoiseSchedule
from hiervox.modules.diffusion.samplers import Predict, sample, timesteps
from hiervox.modules.losses.reconstruction import masked_mse
from tests.golden import Case, Golden, Output, with_weights
from tests.models.svc.golden_songs import condition_of, song_of

CONFIG = {
    "model": {
        "diffusion": {
            "bidilconv": {"dilation_cycle_length": 4},
            "scheduler_settings": {"num_train_timesteps": 1000, "beta_start": 1e-4, "beta_end": 0.02},
        }
    }
}
GENTLE = NoiseSchedule.linear(1e-4, 0.02, 20)


def diffwavenet_svc(golden: Golden) -> Iterator[Output]:
    """The condition, noise and its prediction, and all samplers."""
    sections, weights = import_diffwavenet_svc(golden.state_dict(), CONFIG)
    sizes = sections["model"]
    assert isinstance(sizes, DiffWaveNetSVCSizes)
    own: DiffWaveNetSVC = with_weights(DiffWaveNetSVC(sizes), weights)
    song, mel = song_of(golden), golden["mel"].mT
    condition = condition_of(golden, own)
    yield "condition", condition.mT
    noise, steps = golden["noise"].mT, golden["steps"]
    noisy = own.noised(mel, steps, noise)
    yield "noisy", noisy.mT
    predicted = own.wavenet(noisy, steps, condition)  # published without a mask
    yield "noise_predicted", predicted.mT
    yield "loss", masked_mse(predicted, noise, song.mask)

    def predict(given: Tensor, step: int) -> Tensor:
        numbers = torch.full((len(given),), step, device=given.device)
        found: Tensor = own.wavenet(given, numbers, condition)
        return found

    def counted(asked: dict[int, Tensor], steps: list[int]) -> Predict:
        def counting(given: Tensor, step: int) -> Tensor:
            asked[len(steps)] = given
            steps.append(step)
            return predict(given, step)

        return counting

    def noises(draw: int) -> Tensor:
        return golden["sample_noise"][draw - 1].mT

    start = golden["sample_start"].mT
    for solver in ("ddpm", "ddim", "pndm"):
        asked: dict[int, Tensor] = {}
        evaluated: list[int] = []
        made = sample(solver, counted(asked, evaluated), start, noises, own.schedule, 7)  # type: ignore[arg-type]
        yield f"sample_{solver}_7", made.mT
        yield f"sample_timesteps_{solver}", torch.tensor(evaluated)
        first = f"sample_{solver}_7_first"  # before it is cut
        yield first, asked[1].mT, golden[first].clamp(-1, 1)
        gentle = sample(solver, predict, golden["gentle_start"].mT, noises, GENTLE, 5)  # type: ignore[arg-type]
        yield f"gentle_{solver}_5", gentle.mT
    assert timesteps(7, 1000) == golden["sample_timesteps_ddim"].tolist()


CASES: dict[str, Case] = {"svc_diffwavenet": diffwavenet_svc}
