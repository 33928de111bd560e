"""Speaking: token sequences to semantic vectors and F0, and these to sound (section 3.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.pitch_control import (
    asked_pitch,
    drop_low_pitch,
    require_no_pitch,
    shape_pitch,
)
from hiervox.models.base.pipelines.pitch_curve import stretch_pitch
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for
from hiervox.models.base.pipelines.trace import Stage
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._hierarchy.trace import hierarchy_stages
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, TEXT_TO_VEC, Networks
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.utils.errors import ConfigError

FRAME_RATE = 50
RETRY_TEMPERATURE = 0.5
"""Factor of both temperatures of text-to-vec at the second attempt."""
RETRY_PAUSE = 0.4
"""Seconds of each blank and each mark at most, at the second attempt."""


@dataclass(frozen=True)
class SemanticFeatures:
    """What the synthesizer speaks from.

    Attributes:
        semantic: (1, C, N), 50 frames/s.
        log_f0: (1, 1, 4 N), log(Hz + 1), 0 where unvoiced.
    """

    semantic: Tensor
    log_f0: Tensor


class HierSpeechSynthesizer:
    """Text-to-vec and the hierarchical synthesizer as a `Synthesizer`.

    What a variant has otherwise it overrides: `build_reader`, `largest_batch`, `voice_pitch`.

    Args:
        networks: of the bundle to speak with.
    """

    rate = SAMPLE_RATE
    largest_batch: int | None = None

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.mel_config = networks.synthesizer_experiment.mel

    @cached_property
    def reader(self) -> TextReader:
        """Of text-to-vec.

        Raises:
            CheckpointError: the bundle has no text-to-vec.
        """
        experiment = self.networks.text_to_vec_experiment
        if experiment is None:
            part_checkpoint(self.networks.folder, TEXT_TO_VEC)
        assert experiment is not None
        return self.build_reader(experiment)

    def build_reader(self, experiment: TextToVecExperiment) -> TextReader:
        """Of symbols with blanks between."""
        return TextReader(experiment.text, blanks=True)

    def voice_pitch(self, log_f0: Tensor, voice: Voice) -> Tensor:
        """Predicted log-F0 (1, 1, 4 N) as a voice is to speak it: without what is too low to be voiced."""
        return drop_low_pitch(log_f0)

    def prepare(self, controls: HierSpeechControls) -> None:
        """Refuse controls of the pitch where the synthesizer takes none.

        Raises:
            ConfigError: such controls.
        """
        if not self.networks.synthesizer_experiment.model.takes_f0:
            require_no_pitch(controls)

    @torch.inference_mode()
    def acoustic(
        self, items: Sequence[Item], controls: HierSpeechControls, attempt: int = 0
    ) -> list[Synthesis]:
        """Semantic vectors, F0 and durations of token sequences (section 3.3); each as if it were alone.

        Args:
            items: any number but 0.
            controls: for all of them.
            attempt: 0, or 1 for the second, which has other and less noise and shorter pauses.

        Raises:
            CheckpointError: the durations are beyond any speech.
            ConfigError: a voice was made without text-to-vec.
        """
        text_to_vec, device = self.networks.text_to_vec, self.networks.device
        sequences = [sequence for sequence, _ in items]
        lengths = [len(sequence.tokens) for sequence in sequences]

        def padded(rows: Sequence[Sequence[float]], padding: float) -> Tensor:
            longest = max(lengths)
            full = [[*row, *[padding] * (longest - len(row))] for row in rows]
            return torch.tensor(full, device=device).unsqueeze(1)

        noise = [noise_for(controls.seed, sequence.position, attempt) for sequence in sequences]
        temperature = RETRY_TEMPERATURE**attempt
        predicted = text_to_vec.infer(
            padded([sequence.tokens for sequence in sequences], 0).squeeze(1),
            torch.tensor(lengths, device=device),
            torch.stack([_style(voice) for _, voice in items]).to(device),
            noise_scale=controls.noise_scale_ttv * temperature,
            duration_noise_scale=controls.duration_noise_scale * temperature,
            length_scale=1 / (padded([sequence.rates for sequence in sequences], 1.0) * controls.speed),
            generator=noise,
            longest=_longest(padded([sequence.silent for sequence in sequences], False), controls, attempt),
        )
        pitch_ratio = predicted.log_f0.shape[-1] // predicted.semantic.shape[-1]
        features = []
        durations = predicted.alignment.sum(1).long().tolist()  # for all at once: a GPU is waited for
        for item, sequence in enumerate(sequences):
            frames = max(1, sum(durations[item]))
            alignment = predicted.alignment[item, :frames, : lengths[item]]
            log_f0 = self.voice_pitch(predicted.log_f0[[item], :, : pitch_ratio * frames], items[item][1])
            log_f0 = _shaped_pitch(sequence, log_f0, alignment, controls)
            features.append(
                Synthesis(
                    sequence,
                    SemanticFeatures(predicted.semantic[[item], :, :frames], log_f0),
                    FRAME_RATE,
                    noise[item],
                    durations=durations[item][: lengths[item]],
                    f0=log_f0[0, 0].expm1().float().cpu().numpy(),
                )
            )
        return features

    @torch.inference_mode()
    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: HierSpeechControls
    ) -> list[Waveform]:
        """Semantic vectors and F0 to waveforms (T_i,) at 16 kHz."""
        features, device = [_features(synthesis) for synthesis in batch], self.networks.device
        lengths = [item.semantic.shape[-1] for item in features]
        wavs = self.networks.synthesizer.infer(
            _stacked([item.semantic for item in features]),
            _stacked([item.log_f0 for item in features]),
            torch.stack([voice.tensors[SYNTHESIZER] for voice in voices]).to(device),
            sequence_mask(torch.tensor(lengths, device=device), max(lengths)),
            controls.noise_scale,
            [synthesis.noise for synthesis in batch],
            lengths,
        )
        hop = self.networks.synthesizer.config.hop_length
        return [
            wav[0, : hop * frames].copy()
            for wav, frames in zip(wavs.float().cpu().numpy(), lengths, strict=True)
        ]

    def stages(self, synthesis: Synthesis, voice: Voice, controls: HierSpeechControls) -> Iterator[Stage]:
        """See `StagedSynthesizer.stages`: the hierarchy of latents."""
        features, networks = _features(synthesis), self.networks
        return hierarchy_stages(
            networks.synthesizer,
            networks.synthesizer_experiment.mel,
            features.semantic,
            features.log_f0,
            voice.tensors[SYNTHESIZER][None].to(networks.device),
            controls.noise_scale,
            [synthesis.noise],
        )

    @torch.inference_mode()
    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: HierSpeechControls
    ) -> Iterator[Waveform]:
        """`decode` in chunks, the first of 0.2 s."""
        features, style = _features(synthesis), voice.tensors[SYNTHESIZER][None].to(self.networks.device)
        for chunk in self.networks.synthesizer.stream(
            features.semantic, features.log_f0, style, controls.noise_scale, [synthesis.noise]
        ):
            yield chunk[0, 0].float().cpu().numpy()


def _shaped_pitch(
    sequence: TokenSequence, log_f0: Tensor, alignment: Tensor, controls: HierSpeechControls
) -> Tensor:
    """Predicted log-F0 (1, 1, 4 N), or the sequence's own curve, as its markup and the controls want it."""
    if sequence.f0 is not None:
        curve = torch.from_numpy(stretch_pitch(sequence.f0, log_f0.shape[-1]))
        log_f0 = drop_low_pitch(curve.log1p().to(log_f0).view_as(log_f0))
    asked = asked_pitch(sequence, controls)
    if asked.neutral:
        return log_f0
    by_token = torch.tensor(asked, device=log_f0.device)
    with torch.autocast(by_token.device.type, enabled=False):
        by_frame = by_token @ alignment.T
    by_value = by_frame.repeat_interleave(log_f0.shape[-1] // len(alignment), dim=1)
    return shape_pitch(log_f0, by_value[0], by_value[1])


def _style(voice: Voice) -> Tensor:
    if TEXT_TO_VEC not in voice.tensors:
        raise ConfigError(
            "the voice was made with a model that reads no text", "make it again with this model"
        )
    return voice.tensors[TEXT_TO_VEC]


def _longest(silent: Tensor, controls: HierSpeechControls, attempt: int) -> Tensor | None:
    """Most frames of each token (B, 1, L), of which `silent` says which are blanks and marks."""
    limits = [controls.longest_pause or torch.inf, RETRY_PAUSE if attempt else torch.inf]
    if min(limits) == torch.inf:
        return None
    return torch.where(silent, float(math.ceil(min(limits) * FRAME_RATE)), torch.inf)


def _features(synthesis: Synthesis) -> SemanticFeatures:
    assert isinstance(synthesis.features, SemanticFeatures)
    return synthesis.features


def _stacked(items: Sequence[Tensor]) -> Tensor:
    """(1, C, T_i) each → (B, C, T), zero-padded."""
    longest = max(item.shape[-1] for item in items)
    return torch.cat([functional.pad(item, (0, longest - item.shape[-1])) for item in items])
