"""Train a phonetic bottleneck (`hiervox.processors.semantic.bottleneck`) on extracted features without one.

A linear classifier behind it learns to tell the phonemes of the transcripts apart; which frame is which, the
forward sum over all segmentations says (`hiervox.modules.losses.ctc`, without blanks). Noise on the
bottleneck makes it spend its range on the phonemes; a penalty before its tanh keeps it from saturating before
it knows any.
The steps, a batch of 16 clips each, take 0.9 s of two cores.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.clip import open_store
from hiervox.models.base.data.manifest import cut_tokens, read_cuts
from hiervox.models.base.features.semantic_perturbed import perturbed_copies, perturbed_field
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.ctc import forward_sum_loss
from hiervox.processors.semantic.bottleneck import PhoneticBottleneck
from hiervox.utils.files import replacing_file

HIDDEN_CHANNELS = 256
BATCH = 16
DEV_CLIPS = 40
LEARNING_RATE = 1e-3
WARMUP_STEPS = 50
DECAYING = 0.6  # of the steps, the last ones
CLIP_NORM = 5.0
NOISE = 0.4  # on the bottleneck, whose range is [-1, 1]
INPUT_NOISE = 0.2  # of the features' deviation
FRAME_DROPOUT = 0.05
PENALTY = 0.3
REPORT_EVERY = 50


@dataclass
class Clip:
    """The features (N, C) of a recording and of its perturbed copies, and its phonemes' ids (L,)."""

    features: list[Tensor]
    tokens: Tensor


def read_clips(features: Path) -> list[Clip]:
    """The clips of a folder of `hiervox extract` with text, each frame of which can be a phoneme's."""
    clips = []
    for cut in read_cuts(features):
        fields = ["semantic", *map(perturbed_field, range(perturbed_copies(cut)))]
        arrays = [cut.custom[field].array for field in fields]
        tokens = torch.tensor(cut_tokens(cut) or [])
        if 0 < len(tokens) <= arrays[0].shape[0]:
            stores = [open_store(array.storage_path)[array.storage_key][:] for array in arrays]
            clips.append(Clip([torch.from_numpy(store) for store in stores], tokens))
    return clips


def train(clips: Sequence[Clip], channels: int, steps: int, seed: int = 0) -> PhoneticBottleneck:
    """Train on all clips but `DEV_CLIPS` (or a tenth, where there are few), and print the loss on these."""
    torch.manual_seed(seed)
    shuffled = random.Random(seed).sample(list(clips), len(clips))
    dev_size = min(DEV_CLIPS, len(clips) // 10)
    dev, training = shuffled[:dev_size], shuffled[dev_size:]
    known = torch.cat([clip.features[0] for clip in training]).float()
    network = PhoneticBottleneck(known.shape[1], HIDDEN_CHANNELS, channels)
    network.mean.copy_(known.mean(0).unsqueeze(1))
    network.std.copy_(known.std(0).unsqueeze(1))
    with torch.no_grad():
        network.projection.weight.mul_(0.5)
    before_tanh: list[Tensor] = []
    network.projection.register_forward_hook(lambda _, __, output: before_tanh.append(output))
    classifier = nn.Conv1d(channels, 1 + max(int(clip.tokens.max()) for clip in clips), 1)
    weights = [*network.parameters(), *classifier.parameters()]
    optimizer = torch.optim.AdamW(weights, LEARNING_RATE, weight_decay=0.01)

    def loss(batch: Sequence[tuple[Tensor, Tensor]], input_noise: float, frame_dropout: float) -> Tensor:
        frames = torch.tensor([len(features) for features, _ in batch])
        lengths = torch.tensor([len(tokens) for _, tokens in batch])
        features = nn.utils.rnn.pad_sequence([item.float() for item, _ in batch], batch_first=True)
        tokens = nn.utils.rnn.pad_sequence([item for _, item in batch], batch_first=True)
        features = functional.dropout1d(features, frame_dropout).mT
        features = features + input_noise * network.std * torch.randn_like(features)
        with torch.autocast("cpu", torch.bfloat16):
            narrow = network(features, sequence_mask(frames, features.shape[2]))
            logits = classifier(narrow + NOISE * torch.randn_like(narrow))
        return forward_sum_loss(logits, frames, tokens, lengths)

    indices = _shuffles(len(training), seed)
    for step in range(1, steps + 1):
        remaining = (steps - step) / (DECAYING * steps)
        rate = LEARNING_RATE * min(1, step / WARMUP_STEPS) * min(1, max(0.02, remaining))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = [training[next(indices)] for _ in range(BATCH)]
        batch = [(clip.features[int(torch.randint(len(clip.features), ()))], clip.tokens) for clip in chosen]
        before_tanh.clear()
        term = loss(batch, INPUT_NOISE, FRAME_DROPOUT)
        optimizer.zero_grad()
        (term + PENALTY * before_tanh[0].float().square().mean()).backward()
        nn.utils.clip_grad_norm_(weights, CLIP_NORM)
        optimizer.step()
        if step % REPORT_EVERY == 0 or step == steps:
            with torch.no_grad():
                held = [loss([(clip.features[0], clip.tokens)], 0, 0) for clip in dev]
            known_nothing = torch.stack(held).mean() if held else float("nan")
            print(f"step {step}: loss {term:.3f}, of held-out clips {known_nothing:.3f}")  # noqa: T201
    return network


def _shuffles(count: int, seed: int) -> Iterator[int]:
    generator = random.Random(seed)
    while True:
        yield from generator.sample(range(count), count)


def main() -> None:
    """Parse, train, save in half precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--features", type=Path, required=True, help="of `hiervox extract`")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file")
    parser.add_argument("--channels", type=int, default=64)
    parser.add_argument("--steps", type=int, default=400)
    arguments = parser.parse_args()
    network = train(read_clips(arguments.features), arguments.channels, arguments.steps)
    with replacing_file(arguments.out) as temporary:
        save_file({name: tensor.half() for name, tensor in network.state_dict().items()}, temporary)


if __name__ == "__main__":
    main()
