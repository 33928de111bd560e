"""Sentences by a model of HierVox and by the ONNX export on onnxruntime: sounds, and what each took."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
import soundfile
import torch

import hiervox
from hiervox.models.tts.kokoro.config import RATE
from hiervox.models.tts.kokoro.controls import KokoroControls
from hiervox.utils.files import write_text

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "datasets" / "kokoro"))
from kokoro import Kokoro, read_vocabulary, read_voices


def main() -> None:
    """Speak each sentence with both, one after the other, and write sounds and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="of HierVox")
    parser.add_argument(
        "--kokoro", type=Path, required=True, help="folder of model_int8.onnx, vocab.json, voices"
    )
    parser.add_argument("--onnx", type=Path, help="another export of the same, such as one in float32")
    parser.add_argument("--texts", type=Path, required=True, help="a sentence a line")
    parser.add_argument("--count", type=int, default=20, help="of sentences")
    parser.add_argument("--voice", default="af_heart")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    pipeline = hiervox.load(given.model, device="cpu")
    export = Kokoro(
        given.onnx or given.kokoro / "model_int8.onnx",
        read_vocabulary(given.kokoro / "vocab.json"),
        given.threads,
    )
    voice = read_voices(given.kokoro / "voices")[given.voice]
    frontend = hiervox.processors.text.TextFrontend("en-us")
    texts = [line for line in given.texts.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = []
    for number, text in enumerate(["A first sentence, which is not counted.", *texts[: given.count]]):
        for system in ("hiervox", "onnxruntime"):
            begin = time.perf_counter()
            if system == "hiervox":
                wav = pipeline.tts(text, given.voice, KokoroControls(scaling="none")).wav
            else:
                wav = export.speak(frontend.phonemes(text), voice, 1.0)
            taken = time.perf_counter() - begin
            path = given.out / system / f"{number:03d}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, wav / max(1.0, float(np.abs(wav).max())), RATE)
            if number:
                rows.append(
                    {"system": system, "id": f"{number:03d}", "text": text, "audio": str(path.resolve())}
                )
                rows[-1] |= {
                    "prompt": "",
                    "reference": "",
                    "taken": f"{taken:.3f}",
                    "seconds": f"{len(wav) / RATE:.3f}",
                }
    with (given.out / "table.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, [name for name in rows[0] if name not in ("taken", "seconds")], extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    lines = []
    for system in ("hiervox", "onnxruntime"):
        factors = [float(row["taken"]) / float(row["seconds"]) for row in rows if row["system"] == system]
        lines.append(
            f"{system}: real-time factor {np.median(factors):.3f} (median of {len(factors)} sentences)"
        )
    write_text(given.out / "times.txt", "\n".join(lines) + "\n")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
