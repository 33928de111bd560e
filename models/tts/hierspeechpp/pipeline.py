"""HierSpeech++ for use: text to speech, voice conversion, F0 and copy synthesis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import Self

from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.protocols import Recording
from hiervox.models.base.pipelines.speech import Speech, Synthesis
from hiervox.models.base.pipelines.text_to_speech import Item, Script, TextToSpeechPipeline
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voices import Prompt, prepared
from hiervox.models.tts.hierspeechpp.acoustic import SemanticFeatures, predict_features
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.conversion import convert, converted_pitch
from hiervox.models.tts.hierspeechpp.copy_synthesis import posterior_pitch, reconstruct
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, TEXT_TO_VEC, Networks
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.generators.source_generator import SourceGenerator
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import Track
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import CheckpointError


class HierSpeechPipeline(TextToSpeechPipeline):
    """Zero-shot text to speech, voice conversion, F0 and copy synthesis.

    Args:
        networks: of the bundle to speak with.
    """

    controls: ClassVar[type[SpeechControls]] = HierSpeechControls

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks.folder, networks.device)
        self.networks = networks
        self.pitch = networks.synthesizer_experiment.features.pitch
        if networks.text_to_vec_experiment is not None:
            self.text = networks.text_to_vec_experiment.text
            self.blanks = networks.text_to_vec_experiment.model.blanks
            self.edge = networks.text_to_vec_experiment.model.edge

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Open a bundle; see `Networks.load`."""
        return cls(Networks.load(folder, device))

    @property
    def fingerprint(self) -> str:
        """See `Networks.fingerprint`."""
        return self.networks.fingerprint

    @property
    def mel_config(self) -> SpectrogramConfig:
        """As the synthesizer sees prompts."""
        return self.networks.synthesizer_experiment.mel

    def encode_voice(self, recording: Waveform, for_text: bool = True) -> dict[str, Tensor]:
        """Style vectors of a prompt (T,) at 16 kHz."""
        return self.networks.styles(torch.from_numpy(recording)[None].to(self.device), for_text)

    def check_voice(self, voice: Voice, name: str) -> None:
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

    def read(self, text: Script, language: str | None = None) -> list[TokenSequence]:
        """See `TextToSpeechPipeline.read`.

        Raises:
            CheckpointError: the bundle has no text-to-vec.
        """
        if self.networks.text_to_vec_experiment is None:
            part_checkpoint(self.folder, TEXT_TO_VEC)
        return super().read(text, language)

    def acoustic(
        self, items: Sequence[Item], controls: HierSpeechControls, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences to semantic vectors, F0 and durations."""
        return predict_features(self.networks.text_to_vec, items, controls, attempt)

    @torch.inference_mode()
    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: HierSpeechControls
    ) -> list[Waveform]:
        """Semantic vectors and F0 to waveforms (T_i,) at 16 kHz."""
        synthesizer = self.networks.synthesizer
        z, style, mask = self._latent(batch, voices, controls)
        pitch, floor = _stacked([_features(one).log_f0 for one in batch]), self.networks.noise_floor(style)
        wavs = synthesizer.sound(z, style, mask, pitch, floor)
        hop = synthesizer.config.hop_length
        lengths = [hop * _features(one).semantic.shape[-1] for one in batch]
        return [
            wav[0, :length].copy() for wav, length in zip(wavs.float().cpu().numpy(), lengths, strict=True)
        ]

    @torch.inference_mode()
    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: HierSpeechControls
    ) -> Iterator[Waveform]:
        """`decode` in chunks, the first of 0.2 s; prior and flows see the sequence as a whole before."""
        z, style, _ = self._latent([synthesis], [voice], controls)
        floor = self.networks.noise_floor(style)
        for chunk in self.networks.synthesizer.stream_sound(z, style, _features(synthesis).log_f0, floor):
            yield chunk[0, 0].float().cpu().numpy()

    def _latent(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: HierSpeechControls
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Acoustic latent (B, C, N), style (B, S, 1) and mask (B, 1, N)."""
        features = [_features(one) for one in batch]
        style = torch.stack([voice.tensors[SYNTHESIZER] for voice in voices]).to(self.device)
        frames = torch.tensor([one.semantic.shape[-1] for one in features], device=self.device)
        mask = sequence_mask(frames)
        z = self.networks.synthesizer.latent(
            _stacked([one.semantic for one in features]),
            _stacked([one.log_f0 for one in features]),
            style,
            mask,
            controls.noise_scale,
            [one.noise for one in batch],
        )
        return z, style, mask

    def synthesize(self, items: Sequence[Item], controls: HierSpeechControls) -> list[Synthesis]:
        """See `TextToSpeechPipeline.synthesize`.

        The phases of the spectral generator add up the last bits of F0, which depend on the batch; its
        sequences are spoken one by one.
        """
        if isinstance(self.networks.synthesizer.generator, SourceGenerator):
            return super().synthesize(items, controls)
        return [self._synthesize([item], controls)[0] for item in items]

    def vc(
        self,
        source: Recording,
        voice: Prompt | None = None,
        controls: HierSpeechControls | None = None,
        f0: Track | None = None,
    ) -> Speech:
        """Say what a source recording says, as it says it, in a voice and at its pitch.

        Args:
            source: what to say, any length; the result is as long, up to 80 ms longer.
            voice: whom to speak like; None for the model's own first voice.
            controls: those of text are not used; None for the defaults.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be, stretched to the length of the speech.

        Raises:
            AudioError: a recording is missing, silent, too short or not finite, or no sound was made.
            CheckpointError, ConfigError, DependencyError: the bundle lacks or contradicts what is asked for.
        """
        controls = self._controls(controls)
        target = self.voice(voice, for_text=False)
        pitch, chunks = self.vc_stream(source, target, controls, f0)
        return self.finished(list(chunks), pitch, target, controls)

    def vc_stream(
        self,
        source: Recording,
        voice: Prompt | None = None,
        controls: HierSpeechControls | None = None,
        f0: Track | None = None,
    ) -> tuple[Track, Iterator[Waveform]]:
        """`vc` segment by segment (see `segments`), at 16 kHz and unscaled.

        Returns:
            F0 of the whole, and waveforms whose concatenation is the whole.
        """
        controls = self._controls(controls)
        recording = prepared(source, "the source")
        target = self.voice(voice, for_text=False)
        pitch = converted_pitch(self.networks, recording, target, controls, f0)
        return pitch, convert(self.networks, recording, pitch, target, controls)

    def f0(self, recording: Recording, controls: HierSpeechControls | None = None) -> Track:
        """F0 of a recording by the acoustic posterior and the source network.

        Args:
            recording: speech of any length.
            controls: noise scale (0 is the posterior's mean) and seed are used.

        Returns:
            (4 N,) in Hz at 200 Hz, 0 where unvoiced.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite.
        """
        wav = prepared(recording, "the recording")
        return posterior_pitch(self.networks, wav, self.recording_voice(wav), self._controls(controls))

    def resynthesize(self, recording: Recording, controls: HierSpeechControls | None = None) -> Speech:
        """Copy synthesis: acoustic posterior, generator and, over 16 kHz, super-resolution.

        Args:
            recording: speech of any length; what it holds above 8 kHz is not used.
            controls: noise scale, seed, scaling and rate are used; scaling `prompt` is the recording's peak.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite, or no sound was made.
            CheckpointError: the bundle has no super-resolution for the rate.
        """
        controls = self._controls(controls)
        wav = prepared(recording, "the recording")
        voice = self.recording_voice(wav)
        chunks = list(reconstruct(self.networks, wav, voice, controls))
        return self.finished(chunks, posterior_pitch(self.networks, wav, voice, controls), voice, controls)

    def resynthesize_stream(
        self, recording: Recording, controls: HierSpeechControls | None = None
    ) -> tuple[float, Iterator[Waveform]]:
        """`resynthesize` segment by segment (see `segments`), at 16 kHz and unscaled.

        Returns:
            The recording's peak, and waveforms whose concatenation is the whole.
        """
        controls = self._controls(controls)
        wav = prepared(recording, "the recording")
        chunks = reconstruct(self.networks, wav, self.recording_voice(wav), controls)
        return float(np.abs(wav).max()), chunks


def _features(one: Synthesis) -> SemanticFeatures:
    assert isinstance(one.features, SemanticFeatures)
    return one.features


def _stacked(items: Sequence[Tensor]) -> Tensor:
    """(1, C, T_i) each → (B, C, T), zero-padded."""
    longest = max(item.shape[-1] for item in items)
    return torch.cat([functional.pad(item, (0, longest - item.shape[-1])) for item in items])
