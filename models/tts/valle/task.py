"""Training of VALL-E's two decoders (arXiv 2301.02111, section 4.2)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
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
from hiervox.models.tts.valle.codec_embeddings import start_from_entries
from hiervox.models.tts.valle.config import (
    AutoregressiveExperiment,
    DecoderConfig,
    DecoderExperiment,
    NonAutoregressiveExperiment,
)
from hiervox.models.tts.valle.losses import token_cross_entropy, top_accuracy
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder
from hiervox.models.tts.valle.networks.spoken_token import UNSAID, places_of
from hiervox.modules.functional.masking import sequence_mask
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve

LONGEST_PROMPT = 225
"""Frames, 3 s (section 5.1)."""
LARGEST_PROMPT = 0.6
"""Of a text: how much of a clip is read as a prompt is, without the tokens that its codes speak."""

DecoderExperimentT = TypeVar("DecoderExperimentT", bound=DecoderExperiment)


@dataclass
class Predicted:
    """What a decoder predicted, and what it should have.

    Attributes:
        logits: (B, T, V).
        targets: (B, T).
        mask: (B, 1, T) of positions that count.
        advances: the same of how far the text goes on; None unless monotonic.
    """

    logits: Tensor
    targets: Tensor
    mask: Tensor
    advances: Predicted | None = None

    def cross_entropy(self) -> Tensor:
        """The mean over what counts."""
        return token_cross_entropy(self.logits, self.targets, self.mask)


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

    def batch_fields(self) -> frozenset[str]:
        """With `durations` where the decoder is monotonic."""
        return self.fields | ({"durations"} if self.config.model.monotonic else set())

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
        """`cross_entropy`, and `advance` of monotonic decoders that predict it."""
        terms = {"cross_entropy": output.cross_entropy()}
        if output.advances is not None:
            terms["advance"] = output.advances.cross_entropy()
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
        alignment = self._alignment(network, batch, codes.shape[1])
        places = None if alignment is None else alignment.read
        logits, advances = network(tokens, token_lengths, read, lengths, places)
        mask = sequence_mask(lengths, codes.shape[1])
        ended = codes.masked_fill(mask.squeeze(1) == 0, end)
        group_size = self.config.model.group_size
        targets = F.pad(ended[:, group_size:], (0, group_size), value=end)
        counted = torch.ones_like(mask) if self.config.loss.count_padding else mask
        if alignment is None:
            return Predicted(logits, targets, counted)
        told = alignment.told.repeat_interleave(group_size, 1)[:, : codes.shape[1]].unsqueeze(1)
        steps = Predicted(
            advances, alignment.advances, mask[:, :, ::group_size] * alignment.told.unsqueeze(1)
        )
        return Predicted(logits, targets, counted * told, steps)

    def _alignment(self, network: nn.Module, batch: Batch, frames: int) -> _Alignment | None:
        """What a monotonic decoder is told; in validation that depends on the batch alone."""
        config = self.config.model
        if not config.monotonic:
            return None
        ends = batch["token_lengths"] + 1
        generator = None if network.training else torch.Generator().manual_seed(len(ends))
        places = places_of(batch["durations"], batch["token_lengths"], frames)[:, :: config.group_size]
        prompts = LARGEST_PROMPT * torch.rand(len(ends), generator=generator).to(ends.device)
        following = _moved_on(places, ends)
        told = (following > (prompts * ends).unsqueeze(1)) & (following < ends.unsqueeze(1))
        advances = (_moved_on(following, ends) - following).clamp(0, config.most_advance)
        return _Alignment(following.masked_fill(~told, UNSAID), advances, told)

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """As of both decoders, and `text_gain`: how much lower the cross-entropy is than with the text of
        another clip of the batch. It stays at 0 until the decoder reads."""
        values = super().validate(networks, batch, step)
        if len(batch["ids"]) < 2:
            return values
        names = {"tokens", "token_lengths", "durations"} & set(batch)
        output = self.forward(networks, Batch({**batch, **{name: batch[name].roll(1, 0) for name in names}}))
        swapped = output.cross_entropy()
        return {**values, "text_gain": swapped - values["cross_entropy"]}

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the `loss` section."""
        return self.config.loss.at(step)


@dataclass
class _Alignment:
    """What a monotonic decoder is told of its text at each of J positions, and has to predict.

    Attributes:
        read: (B, J), the place of what is spoken next, or `UNSAID`.
        advances: (B, J), tokens from there to what is spoken then.
        told: (B, J), whether it is said.
    """

    read: Tensor
    advances: Tensor
    told: Tensor


def _moved_on(places: Tensor, ends: Tensor) -> Tensor:
    """Places (B, J) of the position behind each; that of the end (B,) behind the last."""
    return torch.cat([places[:, 1:], ends.unsqueeze(1)], dim=1)


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
        logits = network(
            tokens, token_lengths, codes, lengths, stage, frames, self._places(batch, codes.shape[1] - frames)
        )
        return Predicted(logits, codes[:, frames:, stage], mask)

    def _places(self, batch: Batch, frames: int) -> Tensor | None:
        """(B, frames), what the last frames speak; None unless monotonic."""
        if not self.config.model.monotonic:
            return None
        places = places_of(batch["durations"], batch["token_lengths"], batch["codes"].shape[2])
        return places[:, -frames:]

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
