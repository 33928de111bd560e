"""Every vocoder's training, on one batch and through the loop."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from hiervox.models.base.registry import get_part
from hiervox.utils.registry import resolve
from tests.models.vocoder.small import GAN, HOP, MODELS, RATE, experiment
from tests.overfit import overfit
from tests.own import own_systems

VOCODERS = sorted(own_systems("vocoder"))
MEASURE = dict.fromkeys(("diffwave", "wavegrad"), "noise")
MEASURE |= dict.fromkeys(("waveglow", "wavenet", "wavernn"), "likelihood")
STEPS = {"diffwave": 150, "wavegrad": 150, "wavenet": 60, "wavernn": 40, "waveglow": 60}


def batch(samples: int) -> dict[str, Any]:
    """Two harmonic tones and their F0."""
    f0 = torch.tensor([[200.0], [260.0]])
    time = torch.arange(samples) / RATE
    wav = sum(torch.sin(2 * math.pi * k * f0 * time) / k for k in range(1, 6)) * 0.3
    assert isinstance(wav, torch.Tensor)
    return {"wav": wav, "f0": f0.expand(2, samples // HOP)}


def task_of(config: Any) -> Any:
    return resolve(get_part(config.system, config.part).task)(config)


def test_every_vocoder_has_a_small_size_here() -> None:
    assert sorted(MODELS) == VOCODERS


@pytest.mark.parametrize("system", VOCODERS)
def test_overfits_one_batch(system: str) -> None:
    torch.manual_seed(0)
    task = task_of(experiment(system))
    one = batch(task.config.data.segment_samples)
    if "f0" not in task.fields:
        del one["f0"]
    history = overfit(task, one, STEPS.get(system, 30), learning_rate=2e-3)
    values = [terms[MEASURE.get(system, "mel")] for terms in history]
    assert all(math.isfinite(value) for terms in history for value in terms.values())
    end = sum(values[-5:]) / 5
    assert end < sum(values[:5]) / 5 - 0.02 * abs(values[0])


@pytest.mark.parametrize("system", GAN)
def test_defaults_are_the_authors_and_validate(system: str) -> None:
    schema = resolve(get_part(system, system).config)
    config = schema.model_validate(
        {"system": system, "part": system, "out_dir": "run", "data": {"cuts": "cuts"}}
    )
    assert config.discriminators and config.data.sample_rate == config.mel.sample_rate
    for name in schema.sizes:
        rate = {"amphion": "bigvgan_24k", "v2_44k": "bigvgan_44k", "apnet2": "apnet2"}.get(name)
        mel = {} if rate is None else {"mel": rate}
        schema.model_validate({**_tree(system), "model": name, **mel})


def _tree(system: str) -> dict[str, Any]:
    return {"system": system, "part": system, "out_dir": "run", "data": {"cuts": "cuts"}}


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"mel": {"preset": "hifigan", "n_mels": 70}}, "n_mels 70 is not model.in_channels 80"),
        ({"mel": "bigvgan_44k", "model": {"in_channels": 128}}, "hop_length 512 is not the 256"),
        ({"model": "v9"}, "no sizes 'v9'"),
        ({"mel": "hifigan2"}, "did you mean 'hifigan'"),
        ({"data": {"cuts": "c", "sample_rate": 16_000}}, "data.sample_rate must be mel.sample_rate"),
        ({"data": {"cuts": "c", "segment_samples": 512}}, "at least mel.n_fft, 1024"),
    ],
)
def test_what_does_not_fit_together_is_refused(sections: dict[str, Any], message: str) -> None:
    schema = resolve(get_part("hifigan", "hifigan").config)
    with pytest.raises(ValidationError, match=message):
        schema.model_validate({**_tree("hifigan"), **sections})


def test_a_discriminator_without_a_type_changes_the_default_of_its_name() -> None:
    schema = resolve(get_part("hifigan", "hifigan").config)
    config = schema.model_validate({**_tree("hifigan"), "discriminators": {"period": {"periods": [2, 3]}}})
    assert list(config.discriminators) == ["period"]
    assert config.discriminators["period"].periods == (2, 3)


def test_peaks_of_recordings_are_the_authors() -> None:
    """And none where spectrograms are predicted for recordings as they are."""
    peak = experiment("hifigan").features.peak
    assert (peak.lowest, peak.highest, peak.of) == (0.95, 0.95, "utterance")
    assert experiment("bigvgan").features.peak.of == "segment"
    assert experiment("univnet").features.peak is None
    assert experiment("hifigan", features={"peak": None}).features.peak is None
    predicted = {"predicted_by": "fastspeech2"}
    assert experiment("hifigan", features=predicted).features.peak is None
    with pytest.raises(ValueError, match=r"features\.peak does not go with"):
        experiment("hifigan", features={**predicted, "peak": {"of": "segment"}})
