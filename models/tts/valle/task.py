"""Training of VALL-E's two decoders (arXiv 2301.02111, section 4.2)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.features.codes import LOAD
from hiervox.models.base.pipelines.protocols import VectorCodec
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.tts.valle.codec_embeddings import start_from_entries
from hiervox.models.tts.valle.config import (
    AutoregressiveExperiment,
    DecoderConfig,
    DecoderExperiment,
    NonAutoregressiveExperiment,
)
from hiervox.models.tts.valle.guided_attention import guided_attention
from hiervox.models.tts.valle.losses import token_cross_entropy, top_accuracy
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder
from hiervox.models.tts.valle.recorded_attention import recorded_attention
from hiervox.modules.attention.self_attention import SelfAttention
from hiervox.modules.functional.masking import sequence_mask
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve

LONGEST_PROMPT = 225
"""Frames, 3 s (section 5.1)."""

DecoderExperimentT = TypeVar("DecoderExperimentT", bound=DecoderExperiment)


@dataclass
class Predicted:
    """What a decoder predicted, and what it should have.

    Attributes:
        logits: (B, T, V).
        targets: (B, T).
        mask: (B, 1, T) of positions that count.
        off_diagonal: how much of the attention of guided heads is not where speech reads its text.
    """

    logits: Tensor
    targets: Tensor
    mask: Tensor
    off_diagonal: Tensor | None = None


def marked(tokens: Tensor, lengths: Tensor, config: DecoderConfig) -> tuple[Tensor, Tensor]:
    """Tokens (B, L) with the marks of beginning and end around each text, (B, L + 2), and their lengths."""
    framed = F.pad(tokens, (1, 1))
    framed[:, 0] = config.begin
    framed.scatter_(1, lengths.unsqueeze(1) + 1, config.end)
    return framed, lengths + 2


class DecoderTask(CutTrainingTask[DecoderExperimentT]):
    """One network, and cross-entropy."""

    fields: ClassVar[frozenset[str]] = frozenset({"tokens", "codes"})
    best_metric = "cross_entropy"

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits`."""
        seconds = frames / float(FeatureSetup.of(self.config).frame_rate)
        return tokens is not None and self.config.limits.allow(seconds, tokens)

    @abstractmethod
    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Predicted:
        """The training pass."""

    def _started(
        self, network: AutoregressiveDecoder | NonAutoregressiveDecoder, n_codebooks: int
    ) -> dict[str, nn.Module]:
        """The network under the name `main`, with the embeddings that `codec_embeddings` asks for.

        Raises:
            ConfigError: no codec is named, or its tokens are no vectors of this number.
        """
        if self.config.codec_embeddings:
            name, n_codes = self.config.features.codes.model, self.config.model.n_codes
            if name is None:
                raise ConfigError("codec_embeddings wants a codec", "set features.codes.model to it")
            codec = resolve(LOAD)(name, task="codec", device="cpu")
            if not isinstance(codec, VectorCodec) or codec.codebook_size != n_codes:
                raise ConfigError(
                    f"{name} has no codebooks of {n_codes} vectors", "set codec_embeddings to false"
                )
            entries = [torch.from_numpy(codec.entries(number)) for number in range(n_codebooks)]
            start_from_entries(network, entries)
        return {"main": network}

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Predicted, step: int
    ) -> dict[str, Tensor]:
        """`cross_entropy`, and `guided_attention` where it has a weight."""
        terms = {"cross_entropy": token_cross_entropy(output.logits, output.targets, output.mask)}
        if output.off_diagonal is not None:
            terms["guided_attention"] = output.off_diagonal
        return terms

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """The loss, and how often a code is among the ten most likely."""
        output = self.forward(networks, batch)
        terms = self.losses(self.main, networks, batch, output, step)
        return {**terms, "top10_accuracy": top_accuracy(output.logits, output.targets, output.mask)}


class AutoregressiveTask(DecoderTask[AutoregressiveExperiment]):
    """Each code of the first codebook from those before it; the end behind the last."""

    def build_networks(self) -> dict[str, nn.Module]:
        """The decoder under the name `main`."""
        return self._started(AutoregressiveDecoder(self.config.model), 1)

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Predicted:
        """The training pass; without a start token, the first code is never predicted."""
        network = networks["main"]
        tokens, token_lengths = marked(batch["tokens"], batch["token_lengths"], self.config.model)
        codes, lengths, end = batch["codes"][:, 0], _code_lengths(batch), self.config.model.n_codes
        read = corrupted(codes, self.config.corrupted_codes, end) if network.training else codes
        with recorded_attention(self._guided_layers(network)) as attention:
            logits = network(tokens, token_lengths, read, lengths)
        mask = sequence_mask(lengths, codes.shape[1])
        off_diagonal = self._off_diagonal(attention, sequence_mask(token_lengths, tokens.shape[1]), mask)
        ended = codes.masked_fill(mask.squeeze(1) == 0, end)
        group_size = self.config.model.group_size
        targets = F.pad(ended[:, group_size:], (0, group_size), value=end)
        counted = torch.ones_like(mask) if self.config.loss.count_padding else mask
        return Predicted(logits, targets, counted, off_diagonal)

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """As of both decoders, and `text_gain`: how much lower the cross-entropy is than with the text of
        another clip of the batch. It stays at 0 until the decoder reads."""
        values = super().validate(networks, batch, step)
        if len(batch["ids"]) < 2:
            return values
        others = {name: batch[name].roll(1, 0) for name in ("tokens", "token_lengths")}
        output = self.forward(networks, Batch({**batch, **others}))
        swapped = token_cross_entropy(output.logits, output.targets, output.mask)
        return {**values, "text_gain": swapped - values["cross_entropy"]}

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the `loss` section."""
        return self.config.loss.at(step)

    def _guided_layers(self, network: nn.Module) -> list[SelfAttention]:
        if not self.config.loss.has_weight("guided_attention"):
            return []
        inner = unwrapped(network)
        assert isinstance(inner, AutoregressiveDecoder)
        layers = list(inner.transformer.attentions())
        count = min(self.config.loss.guided_layers, len(layers))
        first = (len(layers) - count) // 2
        return layers[first : first + count]

    def _off_diagonal(
        self, attention: Sequence[Tensor], text_mask: Tensor, frame_mask: Tensor
    ) -> Tensor | None:
        """The mean over layers, or None where none is guided."""
        if not attention:
            return None
        n_text, width = text_mask.shape[2], self.config.loss.guided_width
        group_size = self.config.model.group_size
        distances = [
            guided_attention(
                weights[:, :, n_text:, :n_text], text_mask, frame_mask[:, :, ::group_size], width
            )
            for weights in attention
        ]
        return torch.stack(distances).mean()


def corrupted(codes: Tensor, share: float, n_codes: int) -> Tensor:
    """Codes of which a share is drawn anew from all `n_codes`; any shape."""
    if not share:
        return codes
    drawn = torch.randint_like(codes, n_codes)
    chosen = torch.rand(codes.shape, device=codes.device) < share
    return torch.where(chosen, drawn, codes)


class NonAutoregressiveTask(DecoderTask[NonAutoregressiveExperiment]):
    """A codebook drawn for each batch, from those under it; a part of the clip is the acoustic prompt."""

    def build_networks(self) -> dict[str, nn.Module]:
        """The decoder under the name `main`."""
        return self._started(NonAutoregressiveDecoder(self.config.model), self.config.model.n_codebooks)

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Predicted:
        """The training pass. In validation the codebook and the prompt depend on the batch alone."""
        network = networks["main"]
        generator = None if network.training else torch.Generator().manual_seed(len(batch["ids"]))
        tokens, token_lengths = marked(batch["tokens"], batch["token_lengths"], self.config.model)
        codes, lengths = batch["codes"].mT, _code_lengths(batch)
        stage = int(torch.randint(1, self.config.model.n_codebooks, (), generator=generator))
        frames = self._prompt_frames(lengths, generator)
        mask = sequence_mask(lengths, codes.shape[1])
        if self.config.model.prompt == "excerpt" and frames:
            codes, lengths, mask = _with_excerpt(codes, lengths, mask, frames, generator)
        else:
            mask = mask[:, :, frames:]
        logits = network(tokens, token_lengths, codes, lengths, stage, frames)
        return Predicted(logits, codes[:, frames:, stage], mask)

    def _prompt_frames(self, lengths: Tensor, generator: torch.Generator | None) -> int:
        """As lifeiteng/vall-e draws them, from the shortest clip."""
        quarter = int(lengths.min()) // 4
        if self.config.model.prompt == "none" or not quarter:
            return 0
        if self.config.model.prompt == "excerpt":
            return min(quarter, LONGEST_PROMPT)
        return min(int(torch.randint(quarter, 2 * quarter, (), generator=generator)), LONGEST_PROMPT)


def _code_lengths(batch: Batch) -> Tensor:
    """(B,) frames of codes."""
    lengths: Tensor = batch["codes_lengths" if "codes_lengths" in batch else "frames"]
    return lengths


def _with_excerpt(
    codes: Tensor, lengths: Tensor, mask: Tensor, frames: int, generator: torch.Generator | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Copy a random part of each clip in front; where it came from, no code counts.

    Returns:
        codes (B, frames + T, Q), their lengths (B,), and the mask (B, 1, T) of what counts.
    """
    places = torch.rand(len(codes), generator=generator).to(codes.device) * (lengths - frames + 1)
    starts = places.long().unsqueeze(1)
    indices = starts + torch.arange(frames, device=codes.device)
    excerpt = codes.gather(1, indices.unsqueeze(-1).expand(-1, -1, codes.shape[2]))
    counted = mask.scatter(2, indices.unsqueeze(1), 0.0)
    return torch.cat([excerpt, codes], dim=1), lengths + frames, counted
