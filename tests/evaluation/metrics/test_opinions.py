"""Predictors of opinion scores: Distill-MOS, SQUIM, NISQA, UTMOS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hiervox.evaluation.metrics.distillmos import DistilledOpinion
from hiervox.evaluation.metrics.nisqa import PredictedDimensions
from hiervox.evaluation.metrics.squim import EstimatedObjectives
from hiervox.evaluation.metrics.utmos import PredictedNaturalness
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import DependencyError
from tests.evaluation.rows import noise, number, save, scored


def recording(folder: Path, wav: Waveform, rate: int = 16000) -> Utterance:
    return Utterance(2, "1", "x", save(folder, "wav", wav, rate))


def test_distill_mos_agrees_with_the_package_and_falls_with_noise(shared: Path, tmp_path: Path) -> None:
    distillmos = pytest.importorskip("distillmos")
    wav, _ = read_audio(shared / "speech/kokoro_120/af_heart/af_heart_00069.opus", 16000)
    wav = wav[: 3 * 16000]
    metric = DistilledOpinion()
    metric.prepare()
    clean = number(scored(metric, recording(tmp_path, wav)), "distillmos")
    with torch.inference_mode():
        expected = distillmos.ConvTransformerSQAModel().eval()(torch.from_numpy(wav)[None])
    assert clean == pytest.approx(float(expected[0]), abs=1e-4)
    noisy = DistilledOpinion()
    hiss = wav + wav.std() * noise(3)[: wav.size] / 0.1
    assert number(scored(noisy, recording(tmp_path, hiss)), "distillmos") + 0.5 < clean


def test_squim_runs_the_network_of_its_file(tmp_path: Path) -> None:
    """Stand-in weights: the published ones are fetched."""
    pytest.importorskip("torchaudio", reason="needs the extra torchaudio")
    from torchaudio.models import squim_objective_base

    torch.manual_seed(0)
    network = squim_objective_base().eval()
    torch.save(network.state_dict(), tmp_path / "squim.pth")
    metric = EstimatedObjectives(config=EstimatedObjectives.Settings(weights=str(tmp_path / "squim.pth")))
    metric.prepare()
    wav = noise(0.5)
    with torch.inference_mode():
        expected = [float(score) for score in network(torch.from_numpy(wav)[None])]
    scores = scored(metric, recording(tmp_path, wav))
    assert [scores[column] for column in metric.columns] == pytest.approx(expected, abs=1e-4)


def test_utmos_runs_a_torchscript_file(tmp_path: Path) -> None:
    class Peak(torch.nn.Module):
        def forward(self, wav: torch.Tensor) -> torch.Tensor:
            return wav.abs().amax(dim=1)

    torch.jit.script(Peak()).save(str(tmp_path / "peak.pt"))
    metric = PredictedNaturalness(config=PredictedNaturalness.Settings(weights=str(tmp_path / "peak.pt")))
    metric.prepare()
    wav = noise(0.2)
    assert scored(metric, recording(tmp_path, wav))["utmos"] == pytest.approx(float(np.abs(wav).max()))


def test_nisqa_names_the_five_scores_in_the_package_s_order(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("torchmetrics")
    from torchmetrics.functional.audio import nisqa

    monkeypatch.setattr(
        nisqa, "non_intrusive_speech_quality_assessment", lambda wav, rate: torch.arange(5.0) + rate / 1e5
    )
    scores = scored(PredictedDimensions(), recording(tmp_path, noise(0.2, rate=24000), 24000))
    assert scores["nisqa_mos"] == pytest.approx(0.24) and scores["nisqa_loudness"] == pytest.approx(4.24)


def test_what_can_t_run_says_why(tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(DependencyError, match=r"utmos\.weights=FILE"):
        PredictedNaturalness().prepare()
    (tmp_path / "a.pt").write_bytes(b"no weights")
    with pytest.raises(DependencyError, match=r"can't load .*a\.pt"):
        PredictedNaturalness(config=PredictedNaturalness.Settings(weights=str(tmp_path / "a.pt"))).prepare()
    pytest.importorskip("torchaudio", reason="needs the extra torchaudio")
    with pytest.raises(DependencyError, match="can't load"):
        EstimatedObjectives(config=EstimatedObjectives.Settings(weights=str(tmp_path / "a.pt"))).prepare()

    def offline(*arguments: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchaudio.utils._download_asset", offline)
    with pytest.raises(DependencyError, match=r"squim\.weights=FILE"):
        EstimatedObjectives().prepare()


@pytest.mark.parametrize(
    "kind", [PredictedNaturalness, EstimatedObjectives, PredictedDimensions, DistilledOpinion]
)
def test_silence_has_no_score(kind, tmp_path: Path) -> None:
    for module in kind.requires:
        pytest.importorskip(module)
    assert kind().score(recording(tmp_path, np.zeros(16000, np.float32))) is None
