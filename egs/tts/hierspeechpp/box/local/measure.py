"""Make the recordings that tell how good a voice is, and the table that `hiervox evaluate` reads.

Of every clip of an evaluation corpus, in the voice of another clip of its speaker:

  ground_truth    the recording
  reconstruction  its acoustic posterior, decoded
  copy            its own semantic vectors and F0, spoken (voice conversion to the same speaker)
  vc              likewise in the voice of another speaker, at that one's pitch
  tts             its text, spoken; with --text-to-vec

The step from one to the next says where the errors come from.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from corpus_table import entries
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.pitch_control import drop_low_pitch
from hiervox.models.base.pipelines.pitch_transfer import (
    PitchStatistics,
    match_pitch,
    transfer_pitch,
)
from hiervox.models.base.pipelines.token_sequence import token_sequence
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import LiteTextToVec
from hiervox.models.tts.hierspeechpp.lite.parts import read_mean_style, silent_vectors
from hiervox.models.tts.hierspeechpp.lite.recordings import prompt_style, source_pitch
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.processors.audio import (
    SAMPLE_RATE,
    Waveform,
    pad_to_multiple,
    peak_normalize,
    read_audio,
    write_audio,
)
from hiervox.processors.pitch import F0Contour, extract_f0, log_f0, pitch_level, quick_pitch
from hiervox.processors.semantic import build_semantic_extractor
from hiervox.processors.spectrogram import linear_spectrogram, log_mel
from hiervox.processors.text import build_frontend
from hiervox.processors.text.script import Span, Utterance
from hiervox.utils.files import replacing_file

SYSTEMS = ("ground_truth", "reconstruction", "copy", "vc", "tts")
COLUMNS = ("id", "system", "audio", "text", "prompt", "reference")
NOISE_SCALE = 0.333  # the authors' default
SEED = 1111


@dataclass(frozen=True)
class Clip:
    """A clip to speak: what is said in it, another one of its speaker, and one of somebody else."""

    id: str
    audio: Path
    text: str
    prompt: Path
    other: Path


def pairs(corpus: Path, clips: int) -> list[Clip]:
    """`clips` clips of a folder that `corpus_table.entries` reads, taken from its speakers in turn.

    The prompt of a speaker's clip is the next one, and the first one that of the last. Somebody else is the
    next speaker.
    """
    speakers: dict[str, list[dict[str, str]]] = defaultdict(list)
    for entry in entries(corpus):
        speakers[entry["speaker"]].append(entry)
    longest = max(len(entries) for entries in speakers.values())
    next_of = dict(zip(speakers, [*speakers][1:] + [*speakers][:1], strict=True))
    chosen = [
        Clip(
            Path(entries[place]["audio"]).stem,
            corpus / entries[place]["audio"],
            entries[place]["text"],
            corpus / entries[(place + 1) % len(entries)]["audio"],
            corpus / speakers[next_of[speaker]][place % len(speakers[next_of[speaker]])]["audio"],
        )
        for place in range(longest)
        for speaker, entries in speakers.items()
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
        network, experiment = load_as(synthesizer, "cpu", LiteSynthesizer, LiteSynthesizerExperiment)
        self.synthesizer, self.experiment = network, experiment
        silence = silent_vectors(build_semantic_extractor(experiment.features.semantic))
        network.silence = lambda: silence
        self.mean_style = read_mean_style(find_checkpoint(synthesizer), experiment)
        self.sources = build_semantic_extractor(experiment.source_semantic or experiment.features.semantic)
        self.text_to_vec: LiteTextToVec | None = None
        if text_to_vec is not None:
            self.text_to_vec, reading = load_as(text_to_vec, "cpu", LiteTextToVec, LiteTextToVecExperiment)
            self.frontend = build_frontend(reading.text)

    @torch.inference_mode()
    def sound(self, clip: Clip, system: str) -> Waveform:
        """What a system makes of a clip: (T,) at 16 kHz."""
        if system == "ground_truth":
            return self._recorded(clip)
        makers = {
            "reconstruction": self._rebuild,
            "copy": self._copy,
            "vc": self._convert,
            "tts": self._speak,
        }
        return peak_normalize(makers[system](clip)[0, 0].numpy())

    def _rebuild(self, clip: Clip) -> Tensor:
        wav = torch.from_numpy(pad_to_multiple(self._recorded(clip)))[None]
        linear = linear_spectrogram(wav, self.experiment.mel)
        return self.synthesizer.reconstruct(
            linear, wav[:, None], self._style(clip.prompt), NOISE_SCALE, _noise()
        )

    def _copy(self, clip: Clip) -> Tensor:
        semantic, f0 = self._heard(clip.audio)
        return self._say(semantic, log_f0(torch.from_numpy(f0)[None, None]), clip.prompt)

    def _convert(self, clip: Clip) -> Tensor:
        semantic, f0 = self._heard(clip.audio)
        moved = transfer_pitch(f0, PitchStatistics.of(self._f0(clip.other)))
        return self._say(semantic, log_f0(torch.from_numpy(moved)[None, None]), clip.other)

    def _speak(self, clip: Clip) -> Tensor:
        assert self.text_to_vec is not None
        reader, utterance = self.text_to_vec.config, Utterance((Span(clip.text),))
        read = token_sequence(self.frontend, utterance, 0, reader.blanks, reader.edge)
        tokens = torch.tensor([read.tokens])
        spoken = self.text_to_vec.infer(
            tokens,
            torch.tensor([tokens.shape[1]]),
            self.text_to_vec.style(
                self._mel(clip.prompt), speaker=self._speaker(clip.prompt), pitch=self._pitch(clip.prompt)
            ),
            noise_scale=NOISE_SCALE,
            generator=_noise(),
        )
        pitch = drop_low_pitch(spoken.log_f0)
        if self.text_to_vec.config.prompt_pitch:
            pitch = match_pitch(pitch, PitchStatistics.of(self._f0(clip.prompt)))
        return self._say(spoken.semantic, pitch, clip.prompt)

    def _say(self, semantic: Tensor, pitch: Tensor, prompt: Path) -> Tensor:
        style = self._style(prompt)
        return self.synthesizer.infer(semantic, pitch, style, None, NOISE_SCALE, _noise())

    def _heard(self, path: Path) -> tuple[Tensor, F0Contour]:
        """Semantic vectors (1, C, N) and F0 (4N,) of a recording."""
        wav = pad_to_multiple(read_audio(path, SAMPLE_RATE)[0])
        return self.sources.extract(torch.from_numpy(wav)[None]), source_pitch(wav, self.experiment)

    def _recorded(self, clip: Clip) -> Waveform:
        return read_audio(clip.audio, SAMPLE_RATE)[0]

    def _f0(self, path: Path) -> F0Contour:
        wav, _ = read_audio(path, SAMPLE_RATE)
        return extract_f0(pad_to_multiple(wav), SAMPLE_RATE, self.experiment.features.pitch, path.name)

    def _style(self, path: Path) -> Tensor:
        wav, _ = read_audio(path, SAMPLE_RATE)
        prompt = torch.from_numpy(wav)[None]
        return prompt_style(self.synthesizer, prompt, self._speaker(path), self.experiment, self.mean_style)

    def _speaker(self, path: Path) -> Tensor | None:
        wav, _ = read_audio(path, SAMPLE_RATE)
        return self.synthesizer.speaker(torch.from_numpy(wav)[None])

    def _pitch(self, path: Path) -> Tensor:
        """`pitch_level` of a prompt: (1, 2)."""
        wav, _ = read_audio(path, SAMPLE_RATE)
        return torch.tensor([pitch_level(quick_pitch(wav, SAMPLE_RATE))])

    def _mel(self, path: Path) -> Tensor:
        wav, _ = read_audio(path, SAMPLE_RATE)
        return log_mel(torch.from_numpy(wav)[None], self.experiment.mel)


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
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="which, by commas")
    parser.add_argument("--out", type=Path, required=True, help="for the recordings and table.csv")
    arguments = parser.parse_args()
    wanted = arguments.systems.split(",")
    if not set(wanted) <= set(SYSTEMS):
        parser.error(f"--systems takes some of {', '.join(SYSTEMS)}")
    if arguments.text_to_vec is None:
        wanted = [system for system in wanted if system != "tts"]
    voice = Voice(arguments.synthesizer, arguments.text_to_vec)
    rows: list[dict[str, str]] = []
    for clip in pairs(arguments.corpus.resolve(), arguments.clips):
        for system in wanted:
            path = arguments.out.resolve() / system / f"{clip.id}.wav"
            write_audio(path, voice.sound(clip, system), SAMPLE_RATE)
            rows.append(
                {
                    "id": clip.id,
                    "system": system,
                    "audio": str(path),
                    "text": clip.text,
                    "prompt": str(clip.other if system == "vc" else clip.prompt),
                    "reference": str(clip.audio),
                }
            )
    write_table(rows, arguments.out / "table.csv")


if __name__ == "__main__":
    main()
