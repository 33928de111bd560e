"""Training of text-to-vec with the options of `LiteTextToVecExperiment`."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from hiervox.models.base.checkpoints.checkpoint import load_into
from hiervox.models.base.checkpoints.tensor_files import load_weights
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.tts.blanks import edged, edged_length, spaced, spaced_length
from hiervox.models.tts.hierspeechpp.lite.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourSizes
from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import LiteTextToVec
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import beginnings_embedding
from hiervox.models.tts.hierspeechpp.lite.recordings import prompt_recordings, prompt_spectrogram
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.models.tts.hierspeechpp.tasks.text_to_vec import TextToVecTask
from hiervox.modules.losses.counts import real_count
from hiervox.modules.losses.ctc import forward_sum_loss
from hiervox.utils.errors import ConfigError


class LiteTextToVecTask(TextToVecTask):
    """One network with options. With `features.prompt` the style is that of a prompt."""

    config: LiteTextToVecExperiment
    _encoder: CAMPlusPlus | None = None

    def batch_fields(self) -> frozenset[str]:
        """With `features.prompt` also prompts, with `model.contour` the pitch of the voice."""
        given = {"prompt": self.config.features.prompt, "prompt_pitch": self.config.model.contour}
        return self.fields | {name for name, setting in given.items() if setting is not None}

    def read_length(self, tokens: int) -> int:
        """With blanks, edges, or neither."""
        model = self.config.model
        return edged_length(tokens) if model.edges else spaced_length(tokens, model.blanks)

    def read(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """With blanks, edges, or neither."""
        tokens, lengths = batch["tokens"], batch["token_lengths"]
        if self.config.model.edges:
            return edged(tokens, lengths, self.config.text.symbols.index(self.config.model.edge))
        return spaced(tokens, lengths, self.config.model.blanks)

    def build_network(self) -> LiteTextToVec:
        """The network.

        Raises:
            ConfigError: `model.speaker` or `model.contour` is there, and no `speaker_encoder`.
            CheckpointError: its weights are missing or broken.
        """
        self._require_encoder()
        return LiteTextToVec(self.config.model)

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """As published; a speaker projection that the given network lacks starts at zero, and another pitch
        predictor afresh.
        """
        assert isinstance(given, LiteTextToVecExperiment)
        model, fresh = self.config.model, []
        if model.speaker is not None and given.model.speaker is None:
            fresh.append("speaker_projection.")
        if _weights_of(model.contour) != _weights_of(given.model.contour):
            fresh.append("pitch_predictor.")
        if fresh:
            own = LiteTextToVec(model).state_dict()
            kept = {name: tensors[name] for name in tensors if not name.startswith(tuple(fresh))}
            tensors = {**kept, **{name: own[name] for name in own if name.startswith(tuple(fresh))}}
        return super().adapt_weights(tensors, given)

    def prompt(self, batch: Batch) -> tuple[Tensor, ...]:
        """The prompts', or, where the batch has none, the clips' own, with what the network needs beside."""
        own_mel, own_mask = super().prompt(batch)
        mel, mask = prompt_spectrogram(batch, own_mel, own_mask, self.config.mel)
        sizes, encoder = self.config.model.embedding, self._require_encoder()
        if encoder is None or sizes is None:
            return mel, mask
        recordings, lengths = prompt_recordings(batch, self.config.mel.hop_length)
        samples = int(sizes.max_seconds * self.config.mel.sample_rate)
        speaker = beginnings_embedding(encoder.to(recordings.device), recordings, lengths, samples)
        pitch = (batch["prompt_pitch"],) if self.config.model.contour is not None else ()
        return mel, mask, speaker, *pitch

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

    def pitch_terms(self, predicted: Tensor, log_f0: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """As published; with `model.contour` of voiced frames alone, and how far off the voicing is."""
        if self.config.model.contour is None:
            return super().pitch_terms(predicted, log_f0, mask)
        contour, voicing = predicted.chunk(2, dim=1)
        voiced = (log_f0 > 0).to(voicing.dtype)
        error = functional.binary_cross_entropy_with_logits(voicing, voiced, reduction="none")
        return {
            **super().pitch_terms(contour, log_f0, mask * voiced),
            "voicing": (error * mask).sum() / real_count(mask),
        }

    def phoneme_loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """CTC, or, where there are no blanks, the forward sum."""
        if self.config.model.blanks:
            return super().phoneme_loss(logits, batch)
        return forward_sum_loss(logits, batch["frames"], *self.read(batch))


def _weights_of(contour: ContourSizes | None) -> object:
    """What the shapes of a pitch predictor's weights depend on."""
    return contour and contour.model_dump(exclude={"range": True, "speaker": {"max_seconds"}})
