"""The synthesizer's training task at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.tts._hierarchy.config import SynthesizerExperiment
from hiervox.models.tts._hierarchy.task import SynthesizerTask
from hiervox.utils.errors import ConfigError
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.overfit import overfit

KL_TERMS = {"acoustic_kl", "acoustic_kl_forward", "semantic_kl", "semantic_kl_forward"}
TERMS = {"mel", "prosody", "log_f0", *KL_TERMS, "adversarial", "feature_matching", "discriminator"}
TINY_DISCRIMINATORS = {
    "stft": {"window_lengths": (256, 128), "channels": 4},
    "period": {"periods": (2, 3), "channels": (4, 8)},
}


def task(**sections: Any) -> SynthesizerTask:
    return SynthesizerTask(
        SynthesizerExperiment.model_validate(
            {
                "system": "hierspeechpp",
                "part": "synthesizer",
                "out_dir": Path("unused"),
                "data": {"cuts": Path("unused")},
                "model": TINY_SYNTHESIZER,
                "discriminators": TINY_DISCRIMINATORS,
                **sections,
            }
        )
    )


def sung_batch() -> Batch:
    """Two clips of a harmonic tone whose F0 and semantic vectors jump together every eight frames."""
    generator = torch.Generator().manual_seed(0)
    notes = torch.randint(0, 3, (2, 3), generator=generator).repeat_interleave(8, dim=1)
    vectors = torch.randn(3, 6, generator=generator)
    frames = torch.tensor([24, 16])
    f0 = (110.0 * (1 + notes)).repeat_interleave(4, dim=1)
    f0[1, 64:] = 0
    phase = 2 * torch.pi * (f0.repeat_interleave(80, dim=1) / 16000).cumsum(1)
    semantic = vectors[notes].transpose(1, 2).contiguous()
    semantic[1, :, 16:] = 0
    return {
        "ids": ["long", "short"],
        "frames": frames,
        "wav": 0.3 * torch.sin(phase) + 0.1 * torch.sin(3 * phase),
        "f0": f0,
        "semantic": semantic,
        "semantic_perturbed": semantic + 0.1 * torch.randn(semantic.shape, generator=generator),
    }


def shares(history: list[dict[str, float]]) -> dict[str, float]:
    """Each term's mean at the end over its mean at the start."""

    def mean(name: str, part: slice) -> float:
        values = [terms[name] for terms in history[part]]
        return sum(values) / len(values)

    return {name: mean(name, slice(-10, None)) / mean(name, slice(0, 3)) for name in history[0]}


def test_one_batch_is_learnt_by_heart() -> None:
    history = overfit(task(), sung_batch(), steps=80, learning_rate=5e-3)
    assert set(history[0]) == TERMS
    share = shares(history)
    assert share["mel"] < 0.5
    assert share["prosody"] < 0.8
    assert share["log_f0"] < 0.4
    assert share["discriminator"] < 0.6


def test_validation_tells_how_speech_from_semantic_vectors_sounds() -> None:
    own = task()
    networks = StepEngine(own, device="cpu").inference_networks()
    with torch.no_grad():
        values = own.validate(networks, sung_batch(), 0)
    assert set(values) == TERMS - {"discriminator"} | {"total", "spoken_mel"}
    assert 0.5 < float(values["spoken_mel"]) < 10


def test_every_kl_term_falls_where_only_they_count() -> None:
    others = {"mel", "prosody", "log_f0", "adversarial", "feature_matching"}
    weights = {**dict.fromkeys(others, 0.0), **dict.fromkeys(KL_TERMS, 1.0)}
    history = overfit(task(loss=weights), sung_batch(), steps=40, learning_rate=5e-3)
    share = shares(history)
    assert all(share[name] < 0.8 for name in KL_TERMS), share


def test_each_phase_trains_its_own_network() -> None:
    synthesizer = task()
    networks = synthesizer.build_networks()
    output = synthesizer.forward(networks, sung_batch())
    terms = synthesizer.losses("discriminator", networks, sung_batch(), output, 0)
    synthesizer.total(terms, 0).backward(retain_graph=True)
    assert all(parameter.grad is not None for parameter in networks["discriminator"].parameters())
    assert all(parameter.grad is None for parameter in networks["main"].parameters())
    synthesizer.total(synthesizer.losses("main", networks, sung_batch(), output, 0), 0).backward()
    assert [name for name, p in networks["main"].named_parameters() if p.grad is None] == []


def test_targets_are_cut_where_the_networks_output_was() -> None:
    batch = sung_batch()
    given = task().forward(task().build_networks(), batch)
    frames = TINY_SYNTHESIZER.slice_frames
    for item, start in enumerate(given.extras.output.slice_starts.tolist()):
        torch.testing.assert_close(
            given.real[item, 0], batch["wav"][item, 320 * start : 320 * (start + frames)]
        )
        f0 = batch["f0"][item, 4 * start : 4 * (start + frames)]
        torch.testing.assert_close(given.extras.log_f0[item, 0], torch.log(f0 + 1))


def test_a_clip_shorter_than_the_slice_is_padded_with_silence() -> None:
    batch = {name: value for name, value in sung_batch().items() if name != "ids"}
    cut = {"frames": torch.tensor([8, 6]), "wav": batch["wav"][:, : 320 * 8], "f0": batch["f0"][:, :32]}
    cut |= {name: batch[name][..., :8] for name in ("semantic", "semantic_perturbed")}
    given = task().forward(task().build_networks(), cut)
    assert given.real.shape == given.fake.shape == (2, 1, 3200)
    assert not given.real[..., 320 * 8 :].any()
    assert given.extras.output.slice_mask.sum(dim=2).flatten().tolist() == [8, 6]


def test_validation_shows_sounds_and_pictures_of_the_first_clip() -> None:
    engine = StepEngine(task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), sung_batch())
    assert set(media.audio) == {"recorded", "copied", "spoken"}
    assert all(wav.shape == (320 * 24,) and rate == 16000 for wav, rate in media.audio.values())
    assert set(media.figures) == {"mel/recorded", "mel/copied", "mel/spoken", "pitch"}


def test_semantic_vectors_of_another_width_are_refused() -> None:
    batch = sung_batch()
    batch["semantic"] = batch["semantic"][:, :4]
    with pytest.raises(ConfigError, match=r"4 channels.*set model.semantic_channels to 4"):
        task().forward(task().build_networks(), batch)


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"mel": {"n_mels": 40}}, "mel.n_mels is 40"),
        ({"mel": {"n_fft": 2048}}, "mel.n_fft makes 1025 bins"),
        ({"mel": {"hop_length": 160}}, "every 320 samples"),
        ({"model": {"slice_frames": 2}}, "slice_frames"),
        ({"model": {"prosody": {"bins": 90}}}, "prosody.bins"),
        ({"features": {"perturbed_copies": 0}}, "perturbed_copies"),
        ({"model": {"slice_frames": 6}, "discriminators": {"stft": {}}}, "shorter than what the disc"),
    ],
)
def test_sections_that_do_not_fit_each_other_are_refused(sections: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        task(**{"model": {}, **sections})
