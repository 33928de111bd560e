"""Make the recordings that tell how good a voice is, and the table that `hiervox evaluate` reads.

Of every clip of an evaluation corpus, in the voice of another clip of its speaker:

  ground_truth    the recording
  reconstruction  its acoustic posterior, decoded
  copy            its own semantic vectors and F0, spoken (voice conversion to the same speaker)
  tts             its text, spoken; with --text-to-vec

The step from one to the next says where the errors come from.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from corpus_table import entries
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.processors.audio import (
    SAMPLE_RATE,
    Waveform,
    pad_to_grid,
    peak_normalize,
    read_audio,
    write_audio,
)
from hiervox.processors.pitch import extract_f0, log_f0
from hiervox.processors.semantic import build_semantic_extractor
from hiervox.processors.spectrogram import linear_spectrogram, log_mel
from hiervox.processors.text import TextFrontend, intersperse
from hiervox.utils.files import replacing_file

COLUMNS = ("id", "system", "audio", "text", "prompt", "reference")
NOISE_SCALE = 0.333  # the authors' default
LOWEST_LOG_F0 = math.log(55)  # what is predicted under it counts as unvoiced, as in the pipeline
SEED = 1111


@dataclass(frozen=True)
class Clip:
    """A clip to speak: what is said in it, and another one of its speaker."""

    id: str
    audio: Path
    text: str
    prompt: Path


def pairs(corpus: Path, clips: int) -> list[Clip]:
    """`clips` clips of a folder that `corpus_table.entries` reads, taken from its speakers in turn.

    The prompt of a speaker's clip is the next one, and the first one that of the last.
    """
    speakers: dict[str, list[dict[str, str]]] = defaultdict(list)
    for entry in entries(corpus):
        speakers[entry["speaker"]].append(entry)
    longest = max(len(entries) for entries in speakers.values())
    chosen = [
        Clip(
            Path(entries[place]["audio"]).stem,
            corpus / entries[place]["audio"],
            entries[place]["text"],
            corpus / entries[(place + 1) % len(entries)]["audio"],
        )
        for place in range(longest)
        for entries in speakers.values()
        if place < len(entries)
    ]
    return chosen[:clips]


class Voice:
    """The networks at hand.

    Args:
        synthesizer: its run or checkpoint folder.
        text_to_vec: likewise; None leaves `tts` out.
    """

    def __init__(self, synthesizer: Path, text_to_vec: Path | None) -> None:
        network, experiment = load_network(synthesizer)
        assert isinstance(network, HierarchicalSynthesizer) and isinstance(experiment, SynthesizerExperiment)
        self.synthesizer, self.experiment = network, experiment
        self.semantic = build_semantic_extractor(experiment.features.semantic, torch.device("cpu"))
        self.text_to_vec: TextToVec | None = None
        if text_to_vec is not None:
            reader, _ = load_network(text_to_vec)
            assert isinstance(reader, TextToVec)
            self.text_to_vec = reader
            self.frontend = TextFrontend()

    @torch.inference_mode()
    def systems(self, clip: Clip) -> Iterator[tuple[str, Waveform]]:
        """The name and the sound (T,) of every system."""
        recorded, _ = read_audio(clip.audio, SAMPLE_RATE)
        yield "ground_truth", recorded
        prompt_mel = self._mel(clip.prompt)
        style = self.synthesizer.style(prompt_mel)
        wav = torch.from_numpy(pad_to_grid(recorded))[None]
        linear = linear_spectrogram(wav, self.experiment.mel)
        yield (
            "reconstruction",
            self._sound(
                self.synthesizer.reconstruct(linear, wav[:, None], style, None, NOISE_SCALE, _noise())
            ),
        )
        f0 = extract_f0(wav[0].numpy(), SAMPLE_RATE, self.experiment.features.pitch, clip.id)
        pitch = log_f0(torch.from_numpy(f0)[None, None])
        semantic = self.semantic.extract(wav)
        yield "copy", self._sound(self.synthesizer.infer(semantic, pitch, style, None, NOISE_SCALE, _noise()))
        if self.text_to_vec is not None:
            yield "tts", self._speak(clip.text, prompt_mel, style)

    def _speak(self, text: str, prompt_mel: Tensor, style: Tensor) -> Waveform:
        assert self.text_to_vec is not None
        ids = self.frontend.tokens(self.frontend.phonemes(text))
        tokens = torch.tensor([intersperse(ids) if self.text_to_vec.config.blanks else ids])
        spoken = self.text_to_vec.infer(
            tokens,
            torch.tensor([tokens.shape[1]]),
            self.text_to_vec.style(prompt_mel),
            noise_scale=NOISE_SCALE,
            generator=_noise(),
        )
        pitch = torch.where(spoken.log_f0 < LOWEST_LOG_F0, 0.0, spoken.log_f0)
        return self._sound(self.synthesizer.infer(spoken.semantic, pitch, style, None, NOISE_SCALE, _noise()))

    def _mel(self, path: Path) -> Tensor:
        wav, _ = read_audio(path, SAMPLE_RATE)
        return log_mel(torch.from_numpy(wav)[None], self.experiment.mel)

    def _sound(self, wav: Tensor) -> Waveform:
        sound: Waveform = wav[0, 0].numpy()
        return peak_normalize(sound)


def _noise() -> torch.Generator:
    return torch.Generator().manual_seed(SEED)


def write_table(rows: Sequence[dict[str, str]], path: Path) -> None:
    """The table of `hiervox evaluate`."""
    with (
        replacing_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--synthesizer", type=Path, required=True, help="run or checkpoint folder")
    parser.add_argument("--text-to-vec", type=Path, help="run or checkpoint folder")
    parser.add_argument("--corpus", type=Path, required=True, help="recordings that nothing was trained on")
    parser.add_argument("--clips", type=int, default=50)
    parser.add_argument("--systems", default="ground_truth,reconstruction,copy,tts", help="which, by commas")
    parser.add_argument("--out", type=Path, required=True, help="for the recordings and table.csv")
    arguments = parser.parse_args()
    wanted = arguments.systems.split(",")
    voice = Voice(arguments.synthesizer, arguments.text_to_vec if "tts" in wanted else None)
    rows: list[dict[str, str]] = []
    for clip in pairs(arguments.corpus.resolve(), arguments.clips):
        for system, wav in voice.systems(clip):
            if system not in wanted:
                continue
            path = arguments.out.resolve() / system / f"{clip.id}.wav"
            write_audio(path, wav, SAMPLE_RATE)
            rows.append(
                {
                    "id": clip.id,
                    "system": system,
                    "audio": str(path),
                    "text": clip.text,
                    "prompt": str(clip.prompt),
                    "reference": str(clip.audio),
                }
            )
    write_table(rows, arguments.out / "table.csv")


if __name__ == "__main__":
    main()
