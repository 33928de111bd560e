"""Every system with weights of zeros, or of 1e20: finite sound, or one of the package's exceptions."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.alignment.forward_sum_aligner.config import AlignerConfig
from hiervox.models.alignment.forward_sum_aligner.network import ForwardSumAligner
from hiervox.models.base.checkpoints.checkpoint import CONFIG_NAME, WEIGHTS_NAME, save_weights
from hiervox.models.base.checkpoints.tensor_files import load_weights, save_tensors
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.vocoder.training import build_network
from hiervox.utils.errors import ConfigError, HierVoxError
from hiervox.utils.files import write_json
from tests.models.alignment.forward_sum_aligner.test_aligner import MEL as ALIGNER_MEL
from tests.models.alignment.forward_sum_aligner.test_aligner import MODEL
from tests.models.codec.encodec.tiny_encodec import SIZES, tiny_encodec
from tests.models.codec.facodec.tiny_facodec import write_facodec
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet
from tests.models.svc.diffcomo_svc.tiny_diffcomo_svc import write_diffcomo_svc
from tests.models.svc.diffwavenet_svc.tiny_diffwavenet_svc import write_diffwavenet_svc
from tests.models.svc.tiny import tiny_content
from tests.models.svc.transformer_svc.tiny_transformer_svc import write_transformer_svc
from tests.models.svc.vits_svc.tiny_vits_svc import write_vits_svc
from tests.models.tta.tiny import write_audioldm, write_picoaudio
from tests.models.tts.f5_tts.tiny_f5_tts import write_f5_tts
from tests.models.tts.fastspeech2.test_pipeline import write_tiny
from tests.models.tts.glow_tts.test_pipeline import write_glow_tts
from tests.models.tts.glow_wavegan.tiny_glow_wavegan import write_glow_wavegan
from tests.models.tts.hierspeech.test_pipeline import write_hierspeech
from tests.models.tts.hierspeechpp.tiny_bundle import voice, write_tiny_bundle
from tests.models.tts.jets.tiny_jets import write_jets
from tests.models.tts.kokoro.tiny_kokoro import write_kokoro
from tests.models.tts.matcha_tts.tiny_matcha_tts import write_matcha_tts
from tests.models.tts.naturalspeech2.tiny_naturalspeech2 import write_naturalspeech2
from tests.models.tts.valle.tiny_valle import write_tiny_valle
from tests.models.tts.vits.test_pipeline import write_vits
from tests.models.tts.wavegrad2.test_pipeline import write_model
from tests.models.vc.hiervst.tiny_hiervst import write_hiervst
from tests.models.vocoder.small import MODELS, experiment

WAV, RATE = voice(0.6), 16_000


def write_encodec(folder: Path) -> None:
    """A checkpoint of the codec."""
    folder.mkdir()
    tree = {"system": "encodec", "part": "encodec", "model": SIZES}
    save_weights(folder, tiny_encodec().state_dict(), tree)


def write_vocoder(system: str) -> Callable[[Path], None]:
    """What writes a checkpoint of a vocoder."""

    def write(folder: Path) -> None:
        torch.manual_seed(0)
        config = experiment(system)
        tree = config.model_dump(mode="json")
        folder.mkdir()
        save_weights(folder, build_network(config).state_dict(), tree)
        write_json(folder / CONFIG_NAME, tree)  # with its small discriminators

    return write


def write_aligner(folder: Path) -> None:
    """A checkpoint of the aligner."""
    torch.manual_seed(0)
    folder.mkdir()
    tree = {"system": "forward_sum_aligner", "part": "aligner", "model": MODEL, "mel": ALIGNER_MEL}
    save_weights(folder, ForwardSumAligner(AlignerConfig.model_validate(MODEL)).state_dict(), tree)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "hierspeech": write_hierspeech,
    "hiervst": write_hiervst,
    "jets": write_jets,
    "vits": write_vits,
    "f5_tts": write_f5_tts,
    "glow_tts": write_glow_tts,
    "kokoro": write_kokoro,
    "matcha_tts": write_matcha_tts,
    "glow_wavegan": write_glow_wavegan,
    "wavegrad2": write_model,
    "fastspeech2": write_tiny,
    "valle": write_tiny_valle,
    "naturalspeech2": write_naturalspeech2,
    "transformer_svc": write_transformer_svc,
    "diffwavenet_svc": write_diffwavenet_svc,
    "diffcomo_svc": write_diffcomo_svc,
    "vits_svc": write_vits_svc,
    "audioldm": write_audioldm,
    "picoaudio": write_picoaudio,
    "hierspeechpp": write_tiny_bundle,
    "encodec": write_encodec,
    "facodec": write_facodec,
    "mp_senet": write_tiny_mp_senet,
    "forward_sum_aligner": write_aligner,
    **{system: write_vocoder(system) for system in MODELS},
}
PROMPTED = ("f5_tts", "valle", "naturalspeech2", "hierspeechpp")


def uses(name: str, pipeline: Any) -> list[Callable[[], Any]]:
    """What a system is used for."""
    if name == "encodec":
        return [lambda: pipeline.decode(pipeline.encode(WAV, RATE))]
    if name == "facodec":
        coded = lambda: pipeline.encode_voiced(WAV, RATE)  # noqa: E731
        return [lambda: pipeline.decode_voiced(*coded()), lambda: pipeline.vc((WAV, RATE), (WAV, RATE)).wav]
    if name == "mp_senet":
        return [lambda: pipeline.enhance(WAV, RATE)[0]]
    if name == "forward_sum_aligner":
        return [lambda: np.array(pipeline.align(WAV, RATE, [1, 2, 3]))]
    if SYSTEMS[name].task == "tta":
        quick = pipeline.controls(steps=2)
        return [lambda: pipeline.tta("rain at 0.1-0.2" if name == "picoaudio" else "rain", None, quick)]
    if SYSTEMS[name].task == "svc":
        configs = pipeline.converter.experiment.features.content
        pipeline.converter.content = [tiny_content(config, "cpu") for config in configs]
        quick = {name: 4 for name in ("steps",) if name in pipeline.controls.model_fields}
        return [lambda: pipeline.vc((WAV, RATE), "ada", pipeline.controls(**quick)).wav]
    if name in MODELS:
        return [lambda: pipeline.resynthesize(WAV[:4800], RATE)]
    if name == "hiervst":
        return [lambda: pipeline.vc((WAV, RATE), (WAV, RATE)).wav]
    own = {
        "f5_tts": {"prompt_text": "Hm.", "steps": 2},
        "valle": {"prompt_text": "Hm."},
        "naturalspeech2": {"steps": 2},
    }.get(name)
    controls = pipeline.controls(**own) if own else None
    said = [lambda: pipeline.tts("Hello there.", (WAV, RATE) if name in PROMPTED else None, controls).wav]
    if name == "hierspeechpp":
        said += [lambda: pipeline.vc((WAV, RATE), (WAV, RATE)).wav, lambda: pipeline.f0((WAV, RATE))]
    return said


@pytest.fixture(scope="module", params=WRITERS)
def checkpoints(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("weights") / request.param
    WRITERS[request.param](folder)
    return request.param, folder


def test_broken_weights_end_in_a_line_or_in_finite_sound(checkpoints: tuple[str, Path]) -> None:
    name, folder = checkpoints
    files = {file: load_weights(file) for file in folder.rglob(WEIGHTS_NAME)}
    assert files
    for value in (0.0, 1e20, -1e20):
        for file, tensors in files.items():
            broken = {
                key: torch.full_like(tensor, value) if tensor.is_floating_point() else tensor
                for key, tensor in tensors.items()
            }
            save_tensors(file, broken)
            _try_uses(name, folder)
            save_tensors(file, tensors)


def _try_uses(name: str, folder: Path) -> None:
    try:
        found = uses(name, hiervox.load(folder, device="cpu"))
    except HierVoxError:
        return
    for use in found:
        try:
            made = use()
        except HierVoxError as error:
            assert str(error).strip()
        else:
            assert np.isfinite(made).all()


def test_no_pipeline_is_pickled(checkpoints: tuple[str, Path]) -> None:
    _, folder = checkpoints
    pipeline = hiervox.load(folder, device="cpu")
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(ConfigError, match="can't be pickled or copied: open it in each process"):
            copied(pipeline)
