"""Voice conversion: the semantics and the F0 contour of a recording in another voice (section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.base.pipelines.pitch_control import shape_pitch
from hiervox.models.base.pipelines.pitch_curve import stretch_pitch
from hiervox.models.base.pipelines.pitch_transfer import track_pitch, transfer_pitch
from hiervox.models.base.pipelines.segments import SAMPLES_PER_F0, Segment, f0_by_segments, sound_by_segments
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.config import F0_PER_FRAME, SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, Networks
from hiervox.processors.audio import HOP_LENGTH, Waveform, pad_to_multiple
from hiervox.processors.noise_reduction import reduce_noise
from hiervox.processors.pitch import F0Contour, fit_length, log_f0


def converted_pitch(
    networks: Networks,
    source: Waveform,
    voice: Voice,
    controls: HierSpeechControls,
    f0: F0Contour | None = None,
) -> F0Contour:
    """F0 of the source at the voice's mean and standard deviation, or a given one, then as the controls ask.

    Args:
        networks: whose training data says how F0 is tracked.
        source: (T,) at 16 kHz.
        voice: whom to speak like.
        controls: semitones and pitch range are used here.
        f0: (T',) in Hz, to be stretched to the source.

    Returns:
        (4 N,) in Hz for the N frames of the padded source.
    """
    if f0 is None:
        f0 = transfer_pitch(_tracked(networks, source), voice.pitch)
    else:
        f0 = stretch_pitch(f0, pad_to_multiple(source).size // SAMPLES_PER_F0)
    log_pitch = torch.from_numpy(log_f0(f0))
    shaped: F0Contour = shape_pitch(log_pitch, controls.semitones, controls.pitch_range).expm1().numpy()
    return shaped


def source_pitch(wav: Waveform, experiment: SynthesizerExperiment) -> F0Contour:
    """F0 of what is converted: (T,) at 16 kHz to (T / 80,) in Hz.

    Args:
        wav: its stationary noise is reduced with `model.clean_sources`.
        experiment: says how F0 is tracked.
    """
    if experiment.model.clean_sources:
        wav = reduce_noise(wav)
    return track_pitch(wav, experiment.features.pitch, "the source")


def _tracked(networks: Networks, source: Waveform) -> F0Contour:
    experiment = networks.synthesizer_experiment
    return f0_by_segments(
        source, networks.device, lambda seen: source_pitch(seen[0].cpu().numpy(), experiment)
    )


def convert(
    networks: Networks, source: Waveform, f0: F0Contour, voice: Voice, controls: HierSpeechControls
) -> Iterator[Waveform]:
    """A recording in another voice.

    Args:
        networks: of the model whose voice it is.
        source: (T,) at 16 kHz.
        f0: (4 N,) in Hz for the N frames of the padded source.
        voice: whom to speak like.
        controls: noise scale and seed are used here.

    Returns:
        As `sound_by_segments`; up to 80 ms longer than the source.
    """
    style = voice.tensors[SYNTHESIZER][None].to(networks.device)
    noise = torch.Generator().manual_seed(controls.seed)
    synthesizer, floor = networks.synthesizer, networks.noise_floor(style)

    @torch.inference_mode()
    def sound(seen: Tensor, segment: Segment) -> Tensor:
        first, frames = segment.first // SAMPLES_PER_F0, seen.shape[-1] // HOP_LENGTH
        pitch = fit_length(f0[first : first + F0_PER_FRAME * frames], F0_PER_FRAME * frames)
        semantic = networks.source_extractor.extract(seen)
        log_pitch = log_f0(torch.from_numpy(pitch)[None, None].to(seen.device))
        return synthesizer.infer(
            semantic, log_pitch, style, noise_scale=controls.noise_scale, generator=noise, floor=floor
        )

    return sound_by_segments(source, networks.device, sound)
