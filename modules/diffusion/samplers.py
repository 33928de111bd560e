"""Samplers of a diffusion over few of its steps: DDPM, DDIM, PNDM and DPM-Solver++, as in diffusers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from hiervox.modules.diffusion.process import NoiseSchedule, denoised, posterior_mean
from hiervox.modules.diffusion.trajectory import last_state
from hiervox.utils.errors import ConfigError

Solver = Literal["pndm", "plms", "ddim", "ddpm", "dpm_solver"]
"""PLMS is PNDM without its Runge-Kutta steps; DPM-Solver++ is of second order, with several steps."""
Predict = Callable[[Tensor, int], Tensor]
"""A noisy batch (B, …) and the number of a training step → the noise in it."""
Noise = Callable[[int], Tensor]
"""Number of a draw → noise (B, …)."""
PNDM_ORDER = 4
RUNGE_KUTTA = (1 / 6, 1 / 3, 1 / 3, 1 / 6)
ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)
"""Weights of the last predictions, the latest first, where there are one, two, three or four."""


def timesteps(steps: int, depth: int, offset: int = 0) -> list[int]:
    """Numbers of training steps, falling to `offset`, `depth // steps` apart (spacing "leading").

    Raises:
        ConfigError: there are more steps than that.
    """
    if steps > depth - offset:
        raise ConfigError(f"{steps} steps, and the diffusion has {depth - offset}", "take fewer steps")
    return [number * (depth // steps) + offset for number in range(steps)][::-1]


def sample(
    solver: Solver,
    predict: Predict,
    start: Tensor,
    noise: Noise,
    schedule: NoiseSchedule,
    steps: int,
    depth: int | None = None,
    *,
    offset: int = 0,
    clip: bool = True,
) -> Tensor:
    """Take the noise out of a batch.

    Args:
        solver: which sampler.
        predict: see `Predict`.
        start: (B, …), as after training step number `depth` - 1.
        noise: of DDPM's steps, by their numbers from 1 on.
        schedule: of training.
        steps: how many are done.
        depth: of how many training steps; by default of all.
        offset: number of the last step.
        clip: whether what is sampled, and estimates of it, are cut at ±1.

    Returns:
        (B, …); between -1 and 1 where that is cut.

    Raises:
        ConfigError: more steps than `depth`, or too few for the solver.
    """
    numbers = timesteps(steps, depth or len(schedule), offset)
    cut: Cut = (lambda values: values.clamp(-1, 1)) if clip else (lambda values: values)
    if solver == "ddpm":
        return last_state("diffusion", _ddpm(predict, start, noise, schedule, numbers, clip))
    solve = {"ddim": _ddim, "pndm": _pndm, "plms": _plms, "dpm_solver": _dpm_solver}[solver]
    return last_state("diffusion", solve(predict, start, schedule, numbers, cut))


Cut = Callable[[Tensor], Tensor]


def _ddpm(
    predict: Predict, x: Tensor, noise: Noise, schedule: NoiseSchedule, numbers: list[int], clip: bool
) -> Iterator[Tensor]:
    """Ho et al. (arXiv 2006.11239), algorithm 2, over the noise levels of these steps."""
    fast = NoiseSchedule.of_levels(schedule.signal_levels[numbers[::-1]].tolist())
    deviations = fast.posterior_variances.sqrt().tolist()
    yield x
    for draw, number in enumerate(numbers, start=1):
        step = len(numbers) - draw
        x = posterior_mean(x, predict(x, number), fast, step, "estimate" if clip else "none")
        if step:
            x = x + deviations[step] * noise(draw)
        if clip:
            x = x.clamp(-1, 1)
        yield x


def _ddim(
    predict: Predict, x: Tensor, schedule: NoiseSchedule, numbers: list[int], cut: Cut
) -> Iterator[Tensor]:
    """Song et al. (arXiv 2010.02502), equation 12, without noise."""
    levels = schedule.signal_levels.tolist()
    yield x
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        found = predict(x, number)
        clean = cut(denoised(x, found, levels[number]))
        level = 1.0 if following is None else levels[following]
        x = cut(level**0.5 * clean + (1 - level) ** 0.5 * found)
        yield x


def _dpm_solver(
    predict: Predict, x: Tensor, schedule: NoiseSchedule, numbers: list[int], cut: Cut
) -> Iterator[Tensor]:
    """DPM-Solver++(2M) of Lu et al. (arXiv 2211.01095), algorithm 2.

    The last step goes to the clean batch itself. As the first, it is of order 1, and so is the one before,
    over which the log signal-to-noise ratio changes several times as much as over others.
    """
    levels = schedule.signal_levels.tolist()
    before: tuple[Tensor, float] | None = None
    yield x
    for number, following in pairwise(numbers):
        now, then = levels[number], levels[following]
        clean = cut(denoised(x, predict(x, number), now))
        width = 0.5 * (math.log(then / (1 - then)) - math.log(now / (1 - now)))
        direction = clean
        if before is not None and following != numbers[-1]:
            direction = clean + (clean - before[0]) * (width / before[1]) / 2
        x = ((1 - then) / (1 - now)) ** 0.5 * x - then**0.5 * math.expm1(-width) * direction
        before = clean, width
        yield x
    yield cut(denoised(x, predict(x, numbers[-1]), levels[numbers[-1]]))


def _moved(x: Tensor, found: Tensor, levels: list[float], number: int, following: int) -> Tensor:
    """Liu et al. (arXiv 2202.09778), equation 11; beyond the first step there is as much noise as at it."""
    now, then = levels[number], levels[max(following, 0)]
    whole = now * (1 - then) ** 0.5 + (now * (1 - now) * then) ** 0.5
    return (then / now) ** 0.5 * x - (then - now) / whole * found


def _multi_step(past: list[Tensor]) -> Tensor:
    """Adams and Bashforth's combination of up to four predictions, the latest first."""
    weights = ADAMS_BASHFORTH[len(past) - 1]
    return torch.as_tensor(sum(weight * each for weight, each in zip(weights, past, strict=True)))


def _plms(
    predict: Predict, x: Tensor, schedule: NoiseSchedule, numbers: list[int], cut: Cut
) -> Iterator[Tensor]:
    """Liu et al. (arXiv 2202.09778) with linear multi-steps from the start, the first one of Heun's.

    Raises:
        ConfigError: fewer than two steps.
    """
    if len(numbers) < 2:
        raise ConfigError("plms in one step", "take 2 or more, or another solver")
    levels, apart = schedule.signal_levels.tolist(), numbers[0] - numbers[1]
    past: list[Tensor] = []
    yield x
    for number in numbers:
        following = number - apart
        past = [predict(x, number), *past[: PNDM_ORDER - 1]]
        found = _multi_step(past)
        if len(past) == 1:
            probe = cut(_moved(x, found, levels, number, following))
            found = (found + predict(probe, following)) / 2
        x = cut(_moved(x, found, levels, number, following))
        yield x


def _pndm(
    predict: Predict, x: Tensor, schedule: NoiseSchedule, numbers: list[int], cut: Cut
) -> Iterator[Tensor]:
    """Liu et al. (arXiv 2202.09778): Runge-Kutta for three steps, then linear multi-steps of the last four.

    Raises:
        ConfigError: fewer than four steps.
    """
    if len(numbers) < PNDM_ORDER:
        raise ConfigError(f"pndm in {len(numbers)} steps", f"take {PNDM_ORDER} or more, or another solver")
    levels, apart = schedule.signal_levels.tolist(), numbers[0] - numbers[1]
    past: list[Tensor] = []
    yield x
    for number in numbers[: PNDM_ORDER - 1]:
        middle, following = number - apart // 2, number - apart
        begin, found, point = x, [], x
        for at, to in ((number, middle), (middle, middle), (middle, following)):
            found.append(predict(point, at))
            point = cut(_moved(begin, found[-1], levels, number, to))
        found.append(predict(point, following))
        past.insert(0, found[0])
        weighted = sum(weight * each for weight, each in zip(RUNGE_KUTTA, found, strict=True))
        x = cut(_moved(begin, torch.as_tensor(weighted), levels, number, following))
        yield x
    for number in numbers[PNDM_ORDER - 1 :]:
        past = [predict(x, number), *past[: PNDM_ORDER - 1]]
        x = cut(_moved(x, _multi_step(past), levels, number, number - apart))
        yield x
