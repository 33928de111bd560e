"""HierSpeech++ for use: text to speech, voice conversion, F0 and copy synthesis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.parts import Item, no_speaker
from hiervox.models.base.pipelines.pitch_control import drop_low_pitch
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.acoustic import SemanticFeatures, predict_features
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.conversion import HierSpeechConverter
from hiervox.models.tts.hierspeechpp.copy_synthesis import HierSpeechCopySynthesizer
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, TEXT_TO_VEC, Networks
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.utils.errors import CheckpointError


def build_pipeline(synthesizer: HierSpeechSynthesizer) -> SpeechPipeline[HierSpeechControls]:
    """Zero-shot text to speech, voice conversion, F0 and copy synthesis with a synthesizer's networks."""
    networks = synthesizer.networks
    return SpeechPipeline(
        networks.folder,
        networks.device,
        HierSpeechControls,
        synthesizer,
        HierSpeechVoices(networks),
        converter=HierSpeechConverter(networks),
        copy_synthesizer=HierSpeechCopySynthesizer(networks),
    )


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
        """All controls can be followed."""

    def acoustic(
        self, items: Sequence[Item], controls: HierSpeechControls, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences to semantic vectors, F0 and durations."""
        return predict_features(self.networks.text_to_vec, items, controls, attempt, self.voice_pitch)

    @torch.inference_mode()
    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: HierSpeechControls
    ) -> list[Waveform]:
        """Semantic vectors and F0 to waveforms (T_i,) at 16 kHz."""
        features, device = [_features(one) for one in batch], self.networks.device
        lengths = [one.semantic.shape[-1] for one in features]
        wavs = self.networks.synthesizer.infer(
            _stacked([one.semantic for one in features]),
            _stacked([one.log_f0 for one in features]),
            torch.stack([voice.tensors[SYNTHESIZER] for voice in voices]).to(device),
            sequence_mask(torch.tensor(lengths, device=device)),
            controls.noise_scale,
            [one.noise for one in batch],
        )
        hop = self.networks.synthesizer.config.hop_length
        return [
            wav[0, : hop * frames].copy()
            for wav, frames in zip(wavs.float().cpu().numpy(), lengths, strict=True)
        ]

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


class HierSpeechVoices:
    """Voices from prompts: the style vectors of both parts."""

    speakers: tuple[str, ...] = ()
    prompts_have_text = False

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.pitch = networks.synthesizer_experiment.features.pitch

    @property
    def fingerprint(self) -> str:
        """See `Networks.fingerprint`."""
        return self.networks.fingerprint

    def speaker(self, name: str) -> dict[str, Tensor]:
        """Is refused: the networks know no speakers by name.

        Raises:
            ConfigError: always.
        """
        raise no_speaker(name)

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """Style vectors of a prompt (T,) at 16 kHz."""
        return self.networks.styles(torch.from_numpy(recording)[None].to(self.networks.device), for_text)

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice whose styles are not vectors (S, 1).

        Raises:
            CheckpointError: it is none.
        """
        styles = dict(voice.tensors)
        if SYNTHESIZER not in styles or any(
            style.ndim != 2 or style.shape[1] != 1 or style.dtype != torch.float32
            for style in styles.values()
        ):
            raise CheckpointError(
                f"{name} holds no style of {SYNTHESIZER}", "remove it and add the voice again"
            )


def _features(one: Synthesis) -> SemanticFeatures:
    assert isinstance(one.features, SemanticFeatures)
    return one.features


def _stacked(items: Sequence[Tensor]) -> Tensor:
    """(1, C, T_i) each → (B, C, T), zero-padded."""
    longest = max(item.shape[-1] for item in items)
    return torch.cat([functional.pad(item, (0, longest - item.shape[-1])) for item in items])
