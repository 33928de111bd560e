"""Voice conversion: the semantics and the F0 contour of a recording in another voice (section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.base.pipelines.parts import Source
from hiervox.models.base.pipelines.pitch_control import require_no_pitch, shape_pitch
from hiervox.models.base.pipelines.pitch_curve import stretch_pitch
from hiervox.models.base.pipelines.pitch_transfer import transfer_pitch
from hiervox.models.base.pipelines.segments import SAMPLES_PER_F0, Segment, f0_by_segments, sound_by_segments
from hiervox.models.base.pipelines.trace import Stage
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._hierarchy.config import F0_PER_FRAME
from hiervox.models.tts._hierarchy.trace import hierarchy_stages
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, Networks
from hiervox.processors.audio import HOP_LENGTH, Waveform, pad_to_multiple
from hiervox.processors.pitch import F0Contour, fit_length, log_f0


class HierSpeechConverter:
    """A `Converter`; the result is up to 80 ms longer than the source.

    Args:
        networks: of the model whose voices they are.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks = networks

    def convert(
        self, source: Source, voice: Voice, controls: HierSpeechControls, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """Segment by segment (see `segments`), at the voice's mean and standard deviation of F0.

        Args:
            source: at 16 kHz.
            voice: whom to speak like.
            controls: noise scale, seed, semitones and pitch range are used.
            f0: (T,) in Hz, to be stretched to the source instead of its own.

        Returns:
            F0 (4 N,) in Hz for the N frames of the padded source, None where the synthesizer takes none, and
            the waveforms.

        Raises:
            ConfigError: the synthesizer takes no F0, and another one is asked for.
        """
        if not self.networks.synthesizer_experiment.model.takes_f0:
            require_no_pitch(controls, f0)
            return None, self._sound(source.speech, None, voice, controls)
        pitch = self._pitch(source.speech, voice, controls, f0)
        return pitch, self._sound(source.speech, pitch, voice, controls)

    def _pitch(
        self, source: Waveform, voice: Voice, controls: HierSpeechControls, f0: F0Contour | None
    ) -> F0Contour:
        if f0 is None:
            tracked = f0_by_segments(
                source,
                torch.device("cpu"),  # where pitch is tracked
                lambda seen, _: self.networks.source_pitch(seen[0].numpy()),
            )
            f0 = transfer_pitch(tracked, voice.pitch)
        else:
            f0 = stretch_pitch(f0, pad_to_multiple(source).size // SAMPLES_PER_F0)
        log_pitch = torch.from_numpy(log_f0(f0))
        shaped: F0Contour = shape_pitch(log_pitch, controls.semitones, controls.pitch_range).expm1().numpy()
        return shaped

    def _sound(
        self, source: Waveform, f0: F0Contour | None, voice: Voice, controls: HierSpeechControls
    ) -> Iterator[Waveform]:
        style = self._style(voice)
        noise = torch.Generator().manual_seed(controls.seed)

        @torch.inference_mode()
        def sound(seen: Tensor, segment: Segment) -> Tensor:
            return self.networks.synthesizer.infer(
                *self._features(seen, f0, segment.first),
                style,
                noise_scale=controls.noise_scale,
                generator=noise,
            )

        return sound_by_segments(source, self.networks.device, sound)

    @torch.inference_mode()
    def stages(self, source: Source, voice: Voice, controls: HierSpeechControls) -> Iterator[Stage]:
        """See `StagedConverter.stages`: the hierarchy of latents."""
        networks, f0 = self.networks, None
        if networks.synthesizer_experiment.model.takes_f0:
            f0 = self._pitch(source.speech, voice, controls, None)
        seen = torch.from_numpy(pad_to_multiple(source.speech))[None].to(networks.device)
        yield from hierarchy_stages(
            networks.synthesizer,
            networks.synthesizer_experiment.mel,
            *self._features(seen, f0),
            self._style(voice),
            controls.noise_scale,
            torch.Generator().manual_seed(controls.seed),
        )

    def _style(self, voice: Voice) -> Tensor:
        return voice.tensors[SYNTHESIZER][None].to(self.networks.device)

    def _features(
        self, seen: Tensor, f0: F0Contour | None, first_sample: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Semantic vectors and log-F0 of a segment (1, T)."""
        semantic = self.networks.source_extractor.extract(seen)
        if f0 is None:
            return semantic, None
        first, frames = first_sample // SAMPLES_PER_F0, seen.shape[-1] // HOP_LENGTH
        pitch = fit_length(f0[first : first + F0_PER_FRAME * frames], F0_PER_FRAME * frames)
        return semantic, log_f0(torch.from_numpy(pitch)[None, None].to(seen.device))
