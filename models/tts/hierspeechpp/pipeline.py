"""HierSpeech++ for use: text to speech, voice conversion, F0 and copy synthesis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.parts import Item, Source, no_speaker
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.acoustic import SemanticFeatures, predict_features
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.conversion import convert, converted_pitch
from hiervox.models.tts.hierspeechpp.copy_synthesis import posterior_pitch, reconstruct
from hiervox.models.tts.hierspeechpp.networks.source_generator import SourceGenerator
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, TEXT_TO_VEC, Networks
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.processors.pitch import F0Contour
from hiervox.utils.errors import CheckpointError


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[HierSpeechControls]:
    """Open a bundle; see `Networks.load`."""
    return build_pipeline(Networks.load(folder, device))


def build_pipeline(networks: Networks) -> SpeechPipeline[HierSpeechControls]:
    """Zero-shot text to speech, voice conversion, F0 and copy synthesis with the networks of a bundle."""
    return SpeechPipeline(
        networks.folder,
        networks.device,
        HierSpeechControls,
        HierSpeechSynthesizer(networks),
        HierSpeechVoices(networks),
        converter=HierSpeechConverter(networks),
        copy_synthesizer=HierSpeechCopySynthesizer(networks),
    )


class HierSpeechSynthesizer:
    """Text-to-vec and the hierarchical synthesizer as a `Synthesizer`.

    Args:
        networks: of the bundle to speak with.
    """

    rate = SAMPLE_RATE

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self.mel_config = networks.synthesizer_experiment.mel
        self._reader: TextReader | None = None
        experiment = networks.text_to_vec_experiment
        if experiment is not None:
            self._reader = TextReader(experiment.text, experiment.model.blanks, experiment.model.edge)

    @property
    def reader(self) -> TextReader:
        """Of text-to-vec.

        Raises:
            CheckpointError: the bundle has no text-to-vec.
        """
        if self._reader is None:
            part_checkpoint(self.networks.folder, TEXT_TO_VEC)
        assert self._reader is not None
        return self._reader

    @property
    def largest_batch(self) -> int | None:
        """1 for the spectral generator: its phases add up the last bits of F0, which depend on the batch."""
        return None if isinstance(self.networks.synthesizer.generator, SourceGenerator) else 1

    def prepare(self, controls: HierSpeechControls) -> None:
        """All controls can be followed."""

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
        features, device = [_features(one) for one in batch], self.networks.device
        style = torch.stack([voice.tensors[SYNTHESIZER] for voice in voices]).to(device)
        frames = torch.tensor([one.semantic.shape[-1] for one in features], device=device)
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


class HierSpeechConverter:
    """Voice conversion (section 4.1) as a `Converter`; the result is up to 80 ms longer than the source."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def convert(
        self, source: Source, voice: Voice, controls: HierSpeechControls, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """Segment by segment (see `segments`), at the voice's pitch."""
        pitch = converted_pitch(self.networks, source.speech, voice, controls, f0)
        return pitch, convert(self.networks, source.speech, pitch, voice, controls)


class HierSpeechCopySynthesizer:
    """The acoustic posterior, the source network and the generator as a `CopySynthesizer`."""

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def f0(self, recording: Waveform, voice: Voice, controls: HierSpeechControls) -> F0Contour:
        """(4 N,) by the posterior and the source network; a noise scale of 0 is the posterior's mean."""
        return posterior_pitch(self.networks, recording, voice, controls)

    def reconstruct(
        self, recording: Waveform, voice: Voice, controls: HierSpeechControls
    ) -> Iterator[Waveform]:
        """Segment by segment (see `segments`)."""
        return reconstruct(self.networks, recording, voice, controls)


def _features(one: Synthesis) -> SemanticFeatures:
    assert isinstance(one.features, SemanticFeatures)
    return one.features


def _stacked(items: Sequence[Tensor]) -> Tensor:
    """(1, C, T_i) each → (B, C, T), zero-padded."""
    longest = max(item.shape[-1] for item in items)
    return torch.cat([functional.pad(item, (0, longest - item.shape[-1])) for item in items])
