"""HierSpeech++ for use: text to speech, voice conversion, F0 and copy synthesis."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.base.pipelines.parts import no_speaker
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice, is_style
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.conversion import HierSpeechConverter
from hiervox.models.tts.hierspeechpp.copy_synthesis import HierSpeechCopySynthesizer
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, Networks
from hiervox.models.tts.hierspeechpp.speaking import HierSpeechSynthesizer
from hiervox.processors.audio import Waveform
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
        """Refuse a saved voice whose styles are not vectors (S, 1) of the networks' sizes.

        Raises:
            CheckpointError: it is none.
        """
        styles, sizes = dict(voice.tensors), self.networks.style_sizes
        if SYNTHESIZER not in styles or not all(
            is_style(style, sizes.get(part)) for part, style in styles.items()
        ):
            raise CheckpointError(
                f"{name} holds no style of {SYNTHESIZER}", "remove it and add the voice again"
            )
