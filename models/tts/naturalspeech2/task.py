"""Training of NaturalSpeech 2 (arXiv 2304.09116, section 4.1, with Amphion's losses)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.features.codes import LOAD
from hiervox.models.base.pipelines.protocols import VectorCodec
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.tts.naturalspeech2.config import NaturalSpeech2Experiment
from hiervox.models.tts.naturalspeech2.losses import code_cross_entropy, masked_mean
from hiervox.models.tts.naturalspeech2.networks.diffusion import EDGE, frequency_of, noise_of, noisy
from hiervox.models.tts.naturalspeech2.networks.naturalspeech2 import (
    Drawn,
    NaturalSpeech2,
    NaturalSpeech2Config,
    Target,
    Text,
    TrainingPass,
)
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve

LEAST_PROMPT, MOST_PROMPT = 0.1, 0.5
"""Share of a clip's phonemes that are its prompt (Amphion)."""


class Passed(NamedTuple):
    """A training pass with what it was made from.

    Attributes:
        output: of the network.
        text, target: behind the prompt.
        drawn: time and noise.
    """

    output: TrainingPass
    text: Text
    target: Target
    drawn: Drawn


class NaturalSpeech2Task(CutTrainingTask[NaturalSpeech2Experiment]):
    """The first part of each clip is its prompt, and the rest is what the network learns to say."""

    fields: ClassVar[frozenset[str]] = frozenset({"tokens", "durations", "codes", "f0"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits`."""
        return tokens is not None and self.config.limits.allow(frames, tokens)

    def build_networks(self) -> dict[str, nn.Module]:
        """The network under the name `main`, with its codec's entries.

        Raises:
            ConfigError: the codec has other codebooks than the network, or the table fewer rows than symbols.
        """
        config = self.config.model
        if config.n_symbols < len(self.config.text.symbols):
            raise ConfigError(
                f"model.n_symbols is {config.n_symbols}, which is fewer than text.symbols",
                f"set it to {len(self.config.text.symbols)} or more",
            )
        network = NaturalSpeech2(config)
        name = self.config.features.codes.model
        if name is not None:
            network.entries.copy_(_entries_of(name, config))
        return {"main": network}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Passed:
        """The training pass. In validation prompts, times and noise depend on the batch alone."""
        network = networks["main"]
        generator = None if network.training else torch.Generator().manual_seed(len(batch["ids"]))
        text, target, prompt_frames = self._behind_prompts(batch, generator)
        prompt_mask = sequence_mask(prompt_frames, batch["codes"].shape[2])
        clean_shape = (len(text.tokens), self.config.model.latent_channels, target.codes.shape[2])
        device = target.codes.device
        drawn = Drawn(
            torch.rand(len(text.tokens), generator=generator).clamp(EDGE, 1 - EDGE).to(device),
            torch.randn(clean_shape, generator=generator).to(device),
        )
        output = network(text, target, batch["codes"], prompt_mask, drawn)
        return Passed(output, text, target, drawn)

    def _behind_prompts(self, batch: Batch, generator: torch.Generator | None) -> tuple[Text, Target, Tensor]:
        """What clips say behind their prompts, whole phonemes from the start, and frames of these."""
        tokens, durations, lengths = batch["tokens"], batch["durations"], batch["token_lengths"]
        shares = torch.empty(len(tokens)).uniform_(LEAST_PROMPT, MOST_PROMPT, generator=generator)
        spoken = (shares.to(lengths.device) * lengths).long().clamp_min(1)
        ends = durations.cumsum(1).gather(1, spoken.unsqueeze(1) - 1).squeeze(1)
        prompt_frames = torch.minimum(ends.clamp_min(1), batch["frames"] - 1)
        rest = sequence_mask(lengths - spoken, tokens.shape[1])
        tokens, durations = (
            slice_segments(values.unsqueeze(1), spoken, values.shape[1]).squeeze(1) * rest.squeeze(1).long()
            for values in (tokens, durations)
        )
        frames = batch["codes"].shape[2]
        mask = sequence_mask(batch["frames"] - ends, frames)
        codes = slice_segments(batch["codes"], ends, frames)
        f0 = slice_segments(batch["f0"].unsqueeze(1), ends, frames).squeeze(1)
        return Text(tokens, durations, rest), Target(codes, f0, mask), prompt_frames

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Passed, step: int
    ) -> dict[str, Tensor]:
        """`duration`, `pitch`, `code`, and `latent` and `noise`, or `velocity`, by the model's form."""
        network = unwrapped(networks[self.main])
        assert isinstance(network, NaturalSpeech2)
        passed, mask, drawn, config = output.output, output.target.mask, output.drawn, self.config.model
        pitch = frequency_of(output.target.f0, config.lowest_pitch)
        terms = {
            "duration": masked_mean(
                (passed.log_durations - (1 + output.text.durations).log()).abs(), output.text.mask
            ),
            "pitch": masked_mean((passed.log_pitch - pitch).abs(), mask),
        }
        predicted = passed.predicted.float()
        if config.form == "flow":
            velocity = drawn.noise - passed.clean
            terms["velocity"] = masked_mean((predicted - velocity).abs().mean(1), mask)
            predicted = drawn.noise - predicted
        else:
            x = noisy(passed.clean, drawn.noise, drawn.time, config.form)
            noise = noise_of(x, predicted, drawn.time)
            terms["latent"] = masked_mean((predicted - passed.clean).abs().mean(1), mask)
            terms["noise"] = masked_mean((noise - drawn.noise).abs().mean(1), mask)
        if self.config.loss.has_weight("code"):
            distances = network.distances(predicted)[1]
            terms["code"] = code_cross_entropy(distances, output.target.codes, mask)
        return terms

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the `loss` section."""
        return self.config.loss.at(step)


def _entries_of(name: str, config: NaturalSpeech2Config) -> Tensor:
    """(Q, K, D), the entries of a codec's first books.

    Raises:
        ConfigError: they are not as the network wants them.
    """
    codec = resolve(LOAD)(name, task="codec", device="cpu")
    if not isinstance(codec, VectorCodec) or codec.codebooks < config.n_codebooks:
        raise ConfigError(f"{name} has no {config.n_codebooks} codebooks of vectors", "name another codec")
    entries = torch.stack([torch.from_numpy(codec.entries(book)) for book in range(config.n_codebooks)])
    wanted = (config.n_codebooks, config.n_codes, config.latent_channels)
    if entries.shape != wanted:
        raise ConfigError(
            f"the codebooks of {name} have {entries.shape[1]} entries of {entries.shape[2]} channels",
            f"set model.n_codes to {entries.shape[1]} and model.latent_channels to {entries.shape[2]}",
        )
    return entries
