"""Samplers of a diffusion over few of its steps: DDPM, DDIM and PNDM, as in diffusers.

After every step the spectrogram is cut at ±1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import torch
from torch import Tensor

from hiervox.models.svc._singing.network import Noise
from hiervox.modules.diffusion.process import NoiseSchedule, denoised, posterior_mean
from hiervox.modules.diffusion.trajectory import last_state
from hiervox.utils.errors import ConfigError

Solver = Literal["pndm", "ddim", "ddpm"]
Predict = Callable[[Tensor, int], Tensor]
"""A noisy spectrogram (B, M, N) and the number of a training step → the noise in it."""
PNDM_ORDER = 4
RUNGE_KUTTA = (1 / 6, 1 / 3, 1 / 3, 1 / 6)
ADAMS_BASHFORTH = (55 / 24, -59 / 24, 37 / 24, -9 / 24)
"""Weights of the last four predictions, the latest first."""


def timesteps(steps: int, depth: int) -> list[int]:
    """Numbers of training steps, falling to 0, `depth // steps` apart (spacing "leading").

    Raises:
        ConfigError: there are more steps than that.
    """
    if steps > depth:
        raise ConfigError(f"{steps} steps, and the diffusion has {depth}", "take fewer steps")
    return [number * (depth // steps) for number in range(steps)][::-1]


def sample(
    solver: Solver,
    predict: Predict,
    start: Tensor,
    noise: Noise,
    schedule: NoiseSchedule,
    steps: int,
    depth: int | None = None,
) -> Tensor:
    """Take the noise out of a spectrogram.

    Args:
        solver: which sampler.
        predict: see `Predict`.
        start: (B, M, N), as after training step number `depth` - 1.
        noise: of DDPM's steps, by their numbers from 1 on.
        schedule: of training.
        steps: how many are done.
        depth: of how many training steps; by default of all.

    Returns:
        (B, M, N) between -1 and 1.

    Raises:
        ConfigError: more steps than `depth`, or PNDM with fewer than 4.
    """
    numbers = timesteps(steps, depth or len(schedule))
    if solver == "ddpm":
        return last_state("diffusion", _ddpm(predict, start, noise, schedule, numbers))
    states = _ddim if solver == "ddim" else _pndm
    return last_state("diffusion", states(predict, start, schedule, numbers))


def _ddpm(
    predict: Predict, mel: Tensor, noise: Noise, schedule: NoiseSchedule, numbers: list[int]
) -> Iterator[Tensor]:
    """Ho et al. (arXiv 2006.11239), algorithm 2, over the noise levels of these steps."""
    fast = NoiseSchedule.of_levels(schedule.signal_levels[numbers[::-1]].tolist())
    deviations = fast.posterior_variances.sqrt().tolist()
    yield mel
    for draw, number in enumerate(numbers, start=1):
        step = len(numbers) - draw
        mel = posterior_mean(mel, predict(mel, number), fast, step, "estimate")
        if step:
            mel = mel + deviations[step] * noise(draw)
        mel = mel.clamp(-1, 1)
        yield mel


def _ddim(predict: Predict, mel: Tensor, schedule: NoiseSchedule, numbers: list[int]) -> Iterator[Tensor]:
    """Song et al. (arXiv 2010.02502), equation 12, without noise."""
    levels = schedule.signal_levels.tolist()
    yield mel
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        found = predict(mel, number)
        clean = denoised(mel, found, levels[number]).clamp(-1, 1)
        level = 1.0 if following is None else levels[following]
        mel = (level**0.5 * clean + (1 - level) ** 0.5 * found).clamp(-1, 1)
        yield mel


def _pndm(predict: Predict, mel: Tensor, schedule: NoiseSchedule, numbers: list[int]) -> Iterator[Tensor]:
    """Liu et al. (arXiv 2202.09778): Runge-Kutta for three steps, then linear multi-steps of the last four.

    Raises:
        ConfigError: fewer than four steps.
    """
    if len(numbers) < PNDM_ORDER:
        raise ConfigError(f"pndm in {len(numbers)} steps", f"take {PNDM_ORDER} or more, or another solver")
    levels = schedule.signal_levels.tolist()
    apart = numbers[0] - numbers[1]

    def moved(given: Tensor, found: Tensor, number: int, following: int) -> Tensor:
        """Equation 11; beyond the first step there is as much noise as at it."""
        now, then = levels[number], levels[max(following, 0)]
        whole = now * (1 - then) ** 0.5 + (now * (1 - now) * then) ** 0.5
        return ((then / now) ** 0.5 * given - (then - now) / whole * found).clamp(-1, 1)

    yield mel
    past: list[Tensor] = []
    for number in numbers[: PNDM_ORDER - 1]:
        middle, following = number - apart // 2, number - apart
        begin, found, point = mel, [], mel
        for at, to in ((number, middle), (middle, middle), (middle, following)):
            found.append(predict(point, at))
            point = moved(begin, found[-1], number, to)
        found.append(predict(point, following))
        past.insert(0, found[0])
        weighted = sum(weight * each for weight, each in zip(RUNGE_KUTTA, found, strict=True))
        mel = moved(begin, torch.as_tensor(weighted), number, following)
        yield mel
    for number in numbers[PNDM_ORDER - 1 :]:
        past = [predict(mel, number), *past[: PNDM_ORDER - 1]]
        weighted = sum(weight * each for weight, each in zip(ADAMS_BASHFORTH, past, strict=True))
        mel = moved(mel, torch.as_tensor(weighted), number, number - apart)
        yield mel
