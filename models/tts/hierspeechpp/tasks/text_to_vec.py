"""Training of text-to-vec (HierSpeech++, arXiv 2311.12454, section 3.3, and the authors' training code)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.checkpoints.checkpoint import load_into
from hiervox.models.base.checkpoints.resizing import TABLES, grow_symbols
from hiervox.models.base.checkpoints.tensor_files import load_weights
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask, require_semantic_channels
from hiervox.models.base.training.freezing import covers
from hiervox.models.base.training.task import Media
from hiervox.models.tts.blanks import edged, edged_length, spaced, spaced_length
from hiervox.models.tts.hierspeechpp.losses.text_to_vec import semantic_l1
from hiervox.models.tts.hierspeechpp.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import F0_PER_FRAME
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec, TextToVecOutput
from hiervox.models.tts.hierspeechpp.networks.voice_encoder import beginnings_embedding
from hiervox.models.tts.hierspeechpp.prompts import prompt_recordings, prompt_spectrogram
from hiervox.models.tts.hierspeechpp.ttv_config import ContourSizes, TextToVecExperiment
from hiervox.modules.functional.gaussian import sample_gaussian
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.counts import real_count
from hiervox.modules.losses.ctc import ctc_loss, forward_sum_loss
from hiervox.modules.losses.duration import duration_nll
from hiervox.modules.losses.kl import flow_kl
from hiervox.modules.losses.reconstruction import log_f0_l1, masked_l1
from hiervox.processors.pitch import log_f0
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import ConfigError
from hiervox.utils.logging import get_logger
from hiervox.utils.plots import alignment_figure, pitch_figure, spectrogram_figure

_log = get_logger("train")

NOISE_SCALE = 0.333  # of what validation speaks: the authors' default


@dataclass
class _Inputs:
    """What a batch has to be turned into: `mel` (B, bins, M) of the prompts and its mask, `tokens` (B, L) as
    the network reads them."""

    mel: Tensor
    mel_mask: Tensor
    tokens: Tensor
    token_lengths: Tensor


class TextToVecTask(CutTrainingTask[TextToVecExperiment]):
    """One network. The style is that of the clip's own spectrogram; with `features.prompt`, of a prompt."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0", "semantic", "tokens"})
    _encoder: CAMPlusPlus | None = None

    def batch_fields(self) -> frozenset[str]:
        """With `features.prompt` also prompts, with `model.contour` the pitch of the voice."""
        given = {"prompt": self.config.features.prompt, "prompt_pitch": self.config.model.contour}
        return self.fields | {name for name, setting in given.items() if setting is not None}

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits` and has a frame for each of its tokens and blanks, if any."""
        if tokens is None or not self.config.limits.allow(frames, tokens):
            return False
        model = self.config.model
        return frames >= (edged_length(tokens) if model.edges else spaced_length(tokens, model.blanks))

    def build_networks(self) -> dict[str, nn.Module]:
        """The network under the name `main`.

        Raises:
            ConfigError: `model.speaker` or `model.contour` is there, and no `speaker_encoder`.
            CheckpointError: its weights are missing or broken.
        """
        self._require_encoder()
        return {"main": TextToVec(self.config.model)}

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """Symbol tables grow by name: a symbol keeps its row, and `text.symbols` that are new get fresh ones.

        A speaker projection that the given network lacks starts at zero, and another pitch predictor afresh.

        Raises:
            ConfigError: `text.symbols` lacks some of the given ones, or `train.freeze` holds the new rows.
        """
        assert isinstance(given, TextToVecExperiment)
        model, fresh = self.config.model, []
        if model.speaker is not None and given.model.speaker is None:
            fresh.append("speaker_projection.")
        if _weights_of(model.contour) != _weights_of(given.model.contour):
            fresh.append("pitch_predictor.")
        if fresh:
            own = TextToVec(model).state_dict()
            kept = {name: tensors[name] for name in tensors if not name.startswith(tuple(fresh))}
            tensors = {**kept, **{name: own[name] for name in own if name.startswith(tuple(fresh))}}
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
        inputs = self._inputs(batch)
        output: TextToVecOutput = networks["main"](
            batch["semantic"],
            batch["frames"],
            inputs.tokens,
            inputs.token_lengths,
            inputs.mel,
            inputs.mel_mask,
            self._speaker(batch),
            batch.get("prompt_pitch"),
        )
        return output

    def _speaker(self, batch: Batch) -> Tensor | None:
        """The prompts' speaker embeddings (B, E)."""
        sizes, encoder = self.config.model.embedding, self._require_encoder()
        if encoder is None or sizes is None:
            return None
        recordings, lengths = prompt_recordings(batch, self.config.mel.hop_length)
        samples = int(sizes.max_seconds * self.config.mel.sample_rate)
        return beginnings_embedding(encoder.to(recordings.device), recordings, lengths, samples)

    def _require_encoder(self) -> CAMPlusPlus | None:
        """The speaker encoder; None where the model asks for none."""
        sizes, weights = self.config.model.embedding, self.config.speaker_encoder
        if sizes is None or self._encoder is not None:
            return self._encoder
        if weights is None:
            section = "speaker" if self.config.model.speaker is not None else "contour"
            raise ConfigError(f"model.{section} needs a speaker encoder", "name its weights: speaker_encoder")
        encoder = CAMPlusPlus(CAMPlusPlusSizes(embedding_channels=sizes.channels))
        self._encoder = encoder.requires_grad_(False)
        load_into(self._encoder, load_weights(weights), weights)
        return self._encoder

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: TextToVecOutput, step: int
    ) -> dict[str, Tensor]:
        """The five terms, with `model.contour` six; `loss` in the config weighs them."""
        true_log_f0 = slice_segments(
            log_f0(batch["f0"]).unsqueeze(1), F0_PER_FRAME * output.slice_starts, output.log_f0.size(2)
        )
        f0_mask = output.slice_mask.repeat_interleave(F0_PER_FRAME, dim=2)
        pitch_terms = _pitch_terms(output.log_f0, output.voicing, true_log_f0, f0_mask)
        if self.config.model.blanks:  # CTC has its own
            phonemes = ctc_loss(
                output.phoneme_logits, batch["frames"], batch["tokens"], batch["token_lengths"]
            )
        else:
            phonemes = forward_sum_loss(output.phoneme_logits, batch["frames"], *self._read(batch))
        return {
            "semantic": semantic_l1(output.semantic, batch["semantic"]),
            "kl": flow_kl(
                output.z_prior,
                output.posterior_log_std,
                output.prior_mean,
                output.prior_log_std,
                output.mask,
            ),
            **pitch_terms,
            "duration": duration_nll(output.duration_bound, output.token_mask),
            "ctc": phonemes,
        }

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
        semantic, style = self._spoken(network, batch, output)
        f0_mask = mask.repeat_interleave(F0_PER_FRAME, dim=2)
        true_log_f0 = log_f0(batch["f0"]).unsqueeze(1)
        return {
            **terms,
            "total": self.total(terms, step),
            "spoken_semantic": masked_l1(semantic, batch["semantic"], mask),
            "spoken_log_f0": log_f0_l1(network.pitch_predictor(semantic, mask, style), true_log_f0, f0_mask),
        }

    def predict_semantic(self, network: nn.Module, batch: Batch) -> Tensor:
        """Semantic vectors (B, C, N) of the text as it is aligned with the recording.

        For synthesizers that are to learn from what they will be given.
        """
        assert isinstance(network, TextToVec)
        return self._spoken(network, batch, self.forward({"main": network}, batch))[0]

    def _spoken(self, network: TextToVec, batch: Batch, output: TextToVecOutput) -> tuple[Tensor, Tensor]:
        """Semantic vectors from the aligned text alone, and the style (B, S, 1) that they are spoken in."""
        inputs, mask = self._inputs(batch), output.mask
        style = network.style(inputs.mel, inputs.mel_mask, self._speaker(batch), batch.get("prompt_pitch"))
        noise_scale = self.config.model.prior_noise * NOISE_SCALE
        z = sample_gaussian(output.prior_mean, output.prior_log_std, mask, noise_scale)
        return network.decode_prior(z, mask, style), style

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """Pictures of the first clip: its alignment, F0, semantic vectors, and those of its text alone."""
        network = networks["main"]
        assert isinstance(network, TextToVec)
        frames = int(batch["frames"][0])
        f0 = batch["f0"][0, : F0_PER_FRAME * frames]
        semantic = batch["semantic"][:1, :, :frames]
        inputs = self._inputs(batch)
        tokens, token_lengths = inputs.tokens[:1, : inputs.token_lengths[0]], inputs.token_lengths[:1]
        speaker = self._speaker(batch)
        pitch = batch.get("prompt_pitch")
        prompt = (
            inputs.mel[:1],
            inputs.mel_mask[:1],
            None if speaker is None else speaker[:1],
            None if pitch is None else pitch[:1],
        )

        output = network(semantic, batch["frames"][:1], tokens, token_lengths, *prompt)
        style = network.style(*prompt)
        predicted_f0 = network.pitch_predictor(semantic, output.mask, style)[0, 0].expm1()
        spoken = network.infer(tokens, token_lengths, style)
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

    def _inputs(self, batch: Batch) -> _Inputs:
        require_semantic_channels(batch, self.config.model.semantic_channels)
        own_mel = log_mel(batch["wav"], self.config.mel)
        mask = sequence_mask(batch["frames"], own_mel.shape[-1])
        mel, mel_mask = prompt_spectrogram(batch, own_mel, mask, self.config.mel)
        return _Inputs(mel, mel_mask, *self._read(batch))

    def _read(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Tokens (B, L) and their lengths (B,) as the network reads them."""
        tokens, lengths = batch["tokens"], batch["token_lengths"]
        if self.config.model.edges:
            return edged(tokens, lengths, self.config.text.symbols.index(self.config.model.edge))
        return spaced(tokens, lengths, self.config.model.blanks)


def _weights_of(contour: ContourSizes | None) -> object:
    """What the shapes of a pitch predictor's weights depend on."""
    return contour and contour.model_dump(exclude={"range": True, "speaker": {"max_seconds"}})


def _pitch_terms(
    predicted: Tensor, voicing: Tensor | None, log_f0: Tensor, mask: Tensor
) -> dict[str, Tensor]:
    """How far off F0 is; with the logits of voicing, of voiced frames alone, and how far off these are."""
    if voicing is None:
        return {"log_f0": log_f0_l1(predicted, log_f0, mask)}
    voiced = (log_f0 > 0).to(voicing.dtype)
    error = functional.binary_cross_entropy_with_logits(voicing, voiced, reduction="none")
    return {
        "log_f0": log_f0_l1(predicted, log_f0, mask * voiced),
        "voicing": (error * mask).sum() / real_count(mask),
    }
