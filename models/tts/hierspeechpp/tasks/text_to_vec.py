"""Training of text-to-vec (HierSpeech++, arXiv 2311.12454, section 3.3, and the authors' training code)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.checkpoints.resizing import TABLES, grow_symbols
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask, require_semantic_channels
from hiervox.models.base.training.freezing import covers
from hiervox.models.base.training.task import Media
from hiervox.models.tts.blanks import spaced, spaced_length
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import F0_PER_FRAME
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec, TextToVecOutput
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.ctc import ctc_loss
from hiervox.modules.losses.duration import duration_nll
from hiervox.modules.losses.kl import flow_kl
from hiervox.modules.losses.reconstruction import log_f0_l1, masked_l1
from hiervox.processors.pitch import log_f0
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError
from hiervox.utils.logging import get_logger
from hiervox.utils.plots import alignment_figure, pitch_figure, spectrogram_figure

_log = get_logger("train")


class TextToVecTask(CutTrainingTask[TextToVecExperiment]):
    """One network. The style is that of the clip's own spectrogram.

    What a variant has otherwise it overrides: `build_network`, `prompt`, `read`, `read_length`,
    `pitch_terms`, `phoneme_loss`.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0", "semantic", "tokens"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits` and has a frame for each of its tokens and blanks."""
        return (
            tokens is not None
            and self.config.limits.allow(frames, tokens)
            and frames >= self.read_length(tokens)
        )

    def read_length(self, tokens: int) -> int:
        """How long a text of so many tokens is as the network reads it."""
        return spaced_length(tokens)

    def read(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Tokens (B, L) and their lengths (B,) as the network reads them: with blanks between."""
        return spaced(batch["tokens"], batch["token_lengths"])

    def prompt(self, batch: Batch) -> tuple[Tensor, ...]:
        """What `network.style` takes: the clips' own log-mel (B, mel_channels, N) and its mask (B, 1, N)."""
        mel = log_mel(batch["wav"], self.config.mel)
        return mel, sequence_mask(batch["frames"], mel.shape[-1])

    def build_network(self) -> TextToVec:
        """The network."""
        return TextToVec(self.config.model)

    def build_networks(self) -> dict[str, nn.Module]:
        """The network under the name `main`."""
        return {"main": self.build_network()}

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """Symbol tables grow by name: a symbol keeps its row, and `text.symbols` that are new get fresh ones.

        Raises:
            ConfigError: `text.symbols` lacks some of the given ones, or `train.freeze` holds the new rows.
        """
        assert isinstance(given, TextToVecExperiment)
        old, new = given.text.symbols, self.config.text.symbols
        n_symbols = self.config.model.n_symbols
        if (old, given.model.n_symbols) == (new, n_symbols):
            return tensors
        generator = torch.Generator().manual_seed(self.config.seed)
        grown = grow_symbols(tensors, old, new, n_symbols, generator)
        added = [symbol for symbol in new if symbol not in old]
        if added:
            named = " ".join(f"{symbol} (U+{ord(symbol):04X})" for symbol in added)
            for prefix in self.config.train.freeze:
                if any(covers(prefix, table) for table in TABLES):
                    raise ConfigError(
                        f"train.freeze holds {prefix}, where the new symbols {named} have to be learnt",
                        "freeze other parts",
                    )
            _log.info("new rows for the symbols %s", named)
        return grown

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> TextToVecOutput:
        """The training pass of a batch of `hiervox.models.base.data.dataset`.

        Raises:
            ConfigError: the data's semantic vectors are not as wide as the network's.
        """
        require_semantic_channels(batch, self.config.model.semantic_channels)
        output: TextToVecOutput = networks["main"](
            batch["semantic"], batch["frames"], *self.read(batch), self.prompt(batch)
        )
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: TextToVecOutput, step: int
    ) -> dict[str, Tensor]:
        """The five terms; `loss` in the config weighs them."""
        true_log_f0 = slice_segments(
            log_f0(batch["f0"]).unsqueeze(1), F0_PER_FRAME * output.slice_starts, output.log_f0.size(2)
        )
        f0_mask = output.slice_mask.repeat_interleave(F0_PER_FRAME, dim=2)
        return {
            # Over padding too: masking it made pauses worse (the authors' note of 2024-02-20).
            "semantic": functional.l1_loss(output.semantic.float(), batch["semantic"].float()),
            "kl": flow_kl(
                output.z_prior,
                output.posterior_log_std,
                output.prior_mean,
                output.prior_log_std,
                output.mask,
            ),
            **self.pitch_terms(output.log_f0, true_log_f0, f0_mask),
            "duration": duration_nll(output.duration_bound, output.token_mask),
            "ctc": self.phoneme_loss(output.phoneme_logits, batch),
        }

    def pitch_terms(self, predicted: Tensor, log_f0: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """How far off what the pitch predictor learns by is: all three (B, 1, 4 S)."""
        return {"log_f0": log_f0_l1(predicted, log_f0, mask)}

    def phoneme_loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """How far the posterior's phonemes (B, n_symbols, N) are from the text, by CTC."""
        return ctc_loss(logits, batch["frames"], batch["tokens"], batch["token_lengths"])

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """The terms, their sum, and how far off is what the aligned text alone gives: `spoken_semantic` and
        `spoken_log_f0`."""
        network = networks["main"]
        assert isinstance(network, TextToVec)
        output = self.forward(networks, batch)
        terms = self.losses("main", networks, batch, output, step)
        mask = output.mask
        voice = network.style(*self.prompt(batch))
        semantic = network.speak_prior(output.prior_mean, output.prior_log_std, mask, voice)
        f0_mask = mask.repeat_interleave(F0_PER_FRAME, dim=2)
        true_log_f0 = log_f0(batch["f0"]).unsqueeze(1)
        return {
            **terms,
            "total": self.total(terms, step),
            "spoken_semantic": masked_l1(semantic, batch["semantic"], mask),
            "spoken_log_f0": log_f0_l1(network.pitch_predictor(semantic, mask, voice), true_log_f0, f0_mask),
        }

    def predict_semantic(self, network: nn.Module, batch: Batch) -> Tensor:
        """Semantic vectors (B, C, N) of the text as it is aligned with the recording.

        For synthesizers that are to learn from what they will be given.
        """
        assert isinstance(network, TextToVec)
        output = self.forward({"main": network}, batch)
        voice = network.style(*self.prompt(batch))
        return network.speak_prior(output.prior_mean, output.prior_log_std, output.mask, voice)

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """Pictures of the first clip: its alignment, F0, semantic vectors, and those of its text alone."""
        network = networks["main"]
        assert isinstance(network, TextToVec)
        frames = int(batch["frames"][0])
        f0 = batch["f0"][0, : F0_PER_FRAME * frames]
        semantic = batch["semantic"][:1, :, :frames]
        tokens, token_lengths = self.read(batch)
        tokens, token_lengths = tokens[:1, : token_lengths[0]], token_lengths[:1]
        prompt = tuple(of_all[:1] for of_all in self.prompt(batch))

        output = network(semantic, batch["frames"][:1], tokens, token_lengths, prompt)
        voice = network.style(*prompt)
        predicted_f0 = network.pitch_predictor(semantic, output.mask, voice)[0, 0].expm1()
        spoken = network.infer(tokens, token_lengths, voice)
        spoken_f0 = spoken.log_f0[0, 0].expm1()
        figures = {
            "alignment": alignment_figure(output.alignment[0].cpu()),
            "pitch": pitch_figure(
                {
                    "true": f0.cpu(),
                    "from true semantic vectors": predicted_f0.cpu(),
                    "from text": spoken_f0.cpu(),
                }
            ),
            "semantic/true": spectrogram_figure(semantic[0].cpu(), "semantic vectors"),
            "semantic/decoded": spectrogram_figure(
                output.semantic[0].float().cpu(), "decoded from their posterior"
            ),
            "semantic/from_text": spectrogram_figure(spoken.semantic[0].cpu(), "from text"),
        }
        return Media(figures=figures)
