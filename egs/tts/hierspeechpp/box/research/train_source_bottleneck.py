"""Train a bottleneck behind a larger encoder that hears noisy sources as clean, plainly read speech.

It is used where recordings are converted (`source_semantic`). Its targets are in the space of the bottleneck
that the models were trained with: the mean of what that one makes of the recording itself and of what
text-to-vec predicts for its text, aligned to it. It hears the recording and copies of it with another
voice, noise and reverberation. `hiervox extract --predicted-by` gives the targets. What has no text is left
out.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lhotse.cut.data import DataCut
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.clip import open_store
from hiervox.models.base.data.manifest import cut_tokens, read_cuts
from hiervox.models.base.data.randomness import generator_for
from hiervox.processors.audio import SAMPLE_RATE, Waveform, pad_to_multiple
from hiervox.processors.perturbation import PerturbationConfig, perturb
from hiervox.processors.recording_conditions import RecordingConditionsConfig, rerecord
from hiervox.processors.semantic import SemanticConfig, SemanticExtractor, build_semantic_extractor
from hiervox.processors.semantic.bottleneck import PhoneticBottleneck
from hiervox.processors.semantic.config import OFFLINE_WHISPER_BASE
from hiervox.utils.files import replacing_file

FAINT = RecordingConditionsConfig(
    equalizer_chance=0, room_chance=0.3, noise_chance=0.7, noise_ratio=(5, 35), noise_exponent=(0, 1.5)
)
STRONG = RecordingConditionsConfig(
    equalizer_chance=0.5,
    equalizer_gain=6,
    room_chance=0.6,
    room_ratio=(-3, 15),
    noise_chance=0.9,
    noise_ratio=(2, 25),
    noise_exponent=(0, 1.5),
)
COPIES = (FAINT, STRONG, STRONG)
"""What each copy of a recording is heard in."""
PERTURBED = 0.6  # of the copies have another voice
HIDDEN_CHANNELS = 192
N_BLOCKS = 4
BATCH, FRAMES = 24, 150
DEV_CLIPS = 60
LEARNING_RATE = 1e-3
WARMUP_STEPS = 100
WEIGHT_DECAY = 0.02
CLIP_NORM = 1.0
INPUT_NOISE = 0.15  # of the features' deviation
REPORT_EVERY = 100


@dataclass
class Clip:
    """Of an utterance, the encoder's vectors (N, C) of recording and copies, and their target (N, C')."""

    features: list[Tensor]
    target: Tensor


def noisy_copy(wav: Waveform, id: str, number: int) -> Waveform:
    """Another voice, room and noise for a recording (T,) at 16 kHz, drawn by its id: (T,)."""
    rng = generator_for(id, number)
    copy = perturb(wav, SAMPLE_RATE, rng, PerturbationConfig()) if rng.random() < PERTURBED else wav
    copy = rerecord(copy, SAMPLE_RATE, rng, COPIES[number])[: wav.size]
    return np.pad(copy, (0, wav.size - copy.size))


def encoded(cut: DataCut, encoder: SemanticExtractor) -> list[Tensor]:
    """The encoder's vectors (N, C), in half precision, of an utterance and of its noisy copies."""
    wav = pad_to_multiple(cut.resample(SAMPLE_RATE).load_audio()[0].astype(np.float32))
    wavs = (wav, *(noisy_copy(wav, cut.id, number) for number in range(len(COPIES))))
    return [encoder.extract(torch.from_numpy(wav)[None])[0].T.half() for wav in wavs]


def read_clips(features: Path, encoder: SemanticExtractor, kept: Path | None) -> list[Clip]:
    """The clips with text of a folder of `hiervox extract --predicted-by`.

    Args:
        features: the folder.
        encoder: Whisper's, without a bottleneck.
        kept: a file with what it makes of the clips, which is written if it is not there; None keeps nothing.
    """
    cuts = [cut for cut in read_cuts(features) if cut_tokens(cut) and "predicted_semantic" in cut.custom]
    if kept is not None and kept.is_file():
        tensors = load_file(kept)
    else:
        tensors = {
            f"{cut.id} {number}": vectors.contiguous()
            for cut in cuts
            for number, vectors in enumerate(encoded(cut, encoder))
        }
        if kept is not None:
            with replacing_file(kept) as temporary:
                save_file(tensors, temporary)
    clips = []
    for cut in cuts:
        vectors = [tensors[f"{cut.id} {number}"] for number in range(1 + len(COPIES))]
        target = (_stored(cut, "semantic") + _stored(cut, "predicted_semantic")) / 2
        frames = min(len(vectors[0]), len(target))
        clips.append(Clip([states[:frames] for states in vectors], target[:frames].half()))
    return clips


def _stored(cut: DataCut, field: str) -> Tensor:
    array = cut.custom[field].array
    return torch.from_numpy(open_store(array.storage_path)[array.storage_key][:]).float()


def train(clips: Sequence[Clip], steps: int, seed: int = 0) -> PhoneticBottleneck:
    """Train on all clips but `DEV_CLIPS` (or a tenth, where there are few), and print the error on these."""
    torch.manual_seed(seed)
    draw = random.Random(seed)
    shuffled = draw.sample(list(clips), len(clips))
    dev_size = min(DEV_CLIPS, len(clips) // 10)
    dev, training = shuffled[:dev_size], shuffled[dev_size:]
    known = torch.cat([clip.features[0] for clip in training]).float()
    network = PhoneticBottleneck(known.shape[1], HIDDEN_CHANNELS, clips[0].target.shape[1], N_BLOCKS)
    network.mean.copy_(known.mean(0).unsqueeze(1))
    network.std.copy_(known.std(0).unsqueeze(1) + 1e-3)
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    running = 0.0
    for step in range(1, steps + 1):
        decay = 0.02 + 0.49 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min(1, step / WARMUP_STEPS) * decay
        features, target, mask = _batch(training, draw)
        features = features + INPUT_NOISE * network.std * torch.randn_like(features)
        error = _error(network(features, mask), target, mask)
        optimizer.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimizer.step()
        running += error.item() / REPORT_EVERY
        if step % REPORT_EVERY == 0 or step == steps:
            clean, noisy = (_dev_error(network, dev, number) for number in (0, -1))
            print(f"step {step}: {running:.4f}, held out {clean:.4f}, noisy {noisy:.4f}", flush=True)  # noqa: T201
            running = 0.0
    return network


def _batch(clips: Sequence[Clip], draw: random.Random) -> tuple[Tensor, Tensor, Tensor]:
    """Segments of `FRAMES` at most: (B, C, N), (B, C', N) and the mask (B, 1, N)."""
    features, targets = [], []
    for clip in draw.choices(clips, k=BATCH):
        start = draw.randrange(max(1, len(clip.target) - FRAMES + 1))
        kept = slice(start, start + FRAMES)
        features.append(draw.choice(clip.features)[kept].float())
        targets.append(clip.target[kept].float())
    masks = [torch.ones(len(target), 1) for target in targets]
    return _padded(features), _padded(targets), _padded(masks)


def _padded(rows: list[Tensor]) -> Tensor:
    return nn.utils.rnn.pad_sequence(rows, batch_first=True).mT


def _error(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    return ((predicted - target).square() * mask).sum() / (mask.sum() * target.shape[1])


@torch.no_grad()
def _dev_error(network: PhoneticBottleneck, dev: Sequence[Clip], number: int) -> float:
    errors = [
        functional.mse_loss(network(clip.features[number].float().T[None])[0].T, clip.target.float())
        for clip in dev
    ]
    return float(torch.stack(errors).mean()) if errors else math.nan


def main() -> None:
    """Parse, encode, train, save in half precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=Path, required=True, help="of `hiervox extract --predicted-by`")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file")
    parser.add_argument("--encoded", type=Path, help="safetensors file to keep the encoder's vectors in")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--encoder", default=OFFLINE_WHISPER_BASE, help="Whisper whose vectors are heard")
    parser.add_argument("--layer", type=int, default=6, help="of it")
    arguments = parser.parse_args()
    encoder = build_semantic_extractor(
        SemanticConfig(family="whisper", name=arguments.encoder, layer=arguments.layer)
    )
    with torch.inference_mode():
        clips = read_clips(arguments.features, encoder, arguments.encoded)
    network = train(clips, arguments.steps)
    with replacing_file(arguments.out) as temporary:
        save_file({name: tensor.half() for name, tensor in network.state_dict().items()}, temporary)


if __name__ == "__main__":
    main()
