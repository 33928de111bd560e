"""Training of the pitch-controllable network on resynthesised pitch shifts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from hiervox.models.base.training.adversarial import DISCRIMINATOR
from hiervox.models.vocoder.nsf_hifigan.task import NSFHiFiGANTask, drawn_shifts
from hiervox.models.vocoder.training import run, whole_frames
from hiervox.modules.losses.adversarial import discriminator_terms
from tests.models.vocoder.small import MODELS, experiment
from tests.models.vocoder.test_training import batch

SHIFT = {"share": 0.5, "semitones": 5}
SINE = {**MODELS["nsf_hifigan"], "rates": [4, 2, 2], "kernel_sizes": [8, 4, 4], "source": "sine"}


def _task(**sections: Any) -> NSFHiFiGANTask:
    torch.manual_seed(0)
    config = experiment("nsf_hifigan", model=SINE, **sections)
    return NSFHiFiGANTask(config)  # type: ignore[arg-type]


def test_a_share_comes_back_from_another_pitch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared with the recording, and what with what else."""
    task = _task(pitch_shift=SHIFT)
    assert task.config.data.segment_samples
    one, generator = batch(task.config.data.segment_samples), task.build_generator()
    shifts = torch.tensor([[4.0]]), torch.tensor([[-1.0]])
    monkeypatch.setattr("hiervox.models.vocoder.nsf_hifigan.task.drawn_shifts", lambda *_: shifts)
    made = task.generate(generator, one)
    mel, f0 = task.input_mel(one), one["f0"]

    def heard(wav: torch.Tensor) -> torch.Tensor:
        return whole_frames(wav.squeeze(1), task.config.mel)

    with torch.no_grad():
        higher = run(generator, mel[:1], f0[:1] * 2 ** (4 / 12))
        lower = run(generator, mel[:1], f0[:1] * 2 ** (-1 / 12))
        in_two = run(generator, heard(lower), f0[:1] * 2 ** (4 / 12))
        expected = torch.cat([run(generator, heard(higher), f0[:1]), run(generator, mel[1:], f0[1:])])
    torch.testing.assert_close(made.fake, expected)
    torch.testing.assert_close(made.judged, torch.cat([expected, higher, lower, in_two]))
    terms = task.reconstruction_losses(one, made, 0)
    torch.testing.assert_close(terms["shift_consistency"], (in_two - higher).abs().mean())
    with torch.no_grad():
        assert task.generate(generator.eval(), one).unpaired is None


def test_discriminators_hear_all_and_gradients_flow() -> None:
    task = _task(pitch_shift=SHIFT)
    assert task.config.data.segment_samples
    networks, one = task.build_networks(), batch(task.config.data.segment_samples)
    made = task.forward(networks, one)
    terms = task.losses(DISCRIMINATOR, networks, one, made, 0)
    expected = discriminator_terms(networks[DISCRIMINATOR], made.real, made.judged)
    torch.testing.assert_close(terms, expected)
    weights, terms = task.weights(0), task.losses(task.main, networks, one, made, 0)
    assert {"mel", "adversarial", "feature_matching", "shift_consistency"} <= terms.keys()
    sum(weights[name] * value for name, value in terms.items()).backward()  # type: ignore[union-attr]
    assert all(
        parameter.grad is not None and parameter.grad.isfinite().all()
        for parameter in networks[task.main].parameters()
    )


def test_each_step_of_a_shift_is_within_the_range() -> None:
    torch.manual_seed(0)
    total, partial = drawn_shifts(2000, 5, torch.device("cpu"))
    for step in (total, partial, total - partial):
        assert step.abs().max() <= 5 and step.max() > 4.5 and step.min() < -4.5


def test_the_harmonic_network_is_not_shifted() -> None:
    with pytest.raises(ValidationError, match="pitch_controllable"):
        experiment("nsf_hifigan", pitch_shift=SHIFT)
