"""The mean style that the box recipe keeps beside a synthesizer."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from hiervox.bins.app import app
from hiervox.models.tts.hierspeechpp.lite.parts import LiteNetworks
from hiervox.processors.audio import write_audio
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle


def test_one_recording_of_each_speaker_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    rng = np.random.default_rng(0)
    wavs = [(0.1 * rng.standard_normal(32_000)).astype(np.float32) for _ in range(3)]
    rows = []
    for number, (wav, speaker) in enumerate(zip(wavs, ("ann", "bob", "ann"), strict=True)):
        write_audio(tmp_path / f"{number}.wav", wav, 16_000)
        rows.append(
            {"audio": f"{number}.wav", "id": f"{speaker}-{number}", "speaker": speaker, "text": "one"}
        )
    (tmp_path / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    app(
        ["prepare", "--table", str(tmp_path / "table.jsonl"), "--out", str(tmp_path / "cuts")],
        standalone_mode=False,
    )
    monkeypatch.syspath_prepend(str(REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box" / "local"))
    program = importlib.import_module("mean_style")
    folder = bundle / "synthesizer"
    monkeypatch.setattr(sys, "argv", ["mean_style.py", str(folder), "--cuts", str(tmp_path / "cuts")])
    program.main()
    networks = LiteNetworks.load(bundle)
    with torch.inference_mode():
        styles = [
            networks.styles(torch.from_numpy(wav)[None], for_text=False)["synthesizer"] for wav in wavs[:2]
        ]
    kept = load_file(folder / "mean_style.safetensors")["style"]
    torch.testing.assert_close(kept.float(), torch.stack(styles).mean(0)[:, 0], rtol=2e-3, atol=1e-3)
