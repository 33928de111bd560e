"""From what a user has, a text or a recording and a prompt, to a waveform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.base.bundle import Upsampler, load_upsampler, part_checkpoint, upsampler_part
from models.base.checkpoint import load_network, read_experiment
from models.base.config import ExperimentConfig
from models.tts.hierspeechpp.config import SynthesizerExperiment
from models.tts.hierspeechpp.pitch_transfer import transfer_pitch
from models.tts.hierspeechpp.prompt import prepare_recording
from models.tts.hierspeechpp.synthesizer import HierarchicalSynthesizer
from models.tts.hierspeechpp.text_to_vec import TextToVec
from models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from modules.weight_norm import remove_weight_norm
from processors.audio import SAMPLE_RATE, Waveform, pad_to_grid, peak_normalize
from processors.pitch import Track, extract_f0, log_f0
from processors.semantic import SemanticExtractor, build_semantic_extractor, require_same_features
from processors.spectrogram import log_mel
from processors.text import TextFrontend, intersperse
from utils.errors import AudioError, CheckpointError, ConfigError

ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)

RATES = (16000, 24000, 48000)
DEFAULT_SEED = 1111  # the published inference's
NOISE_SCALE = 0.333  # robust; 0.667 is expressive (published inference)
LOWEST_LOG_F0 = math.log(55)  # what is predicted under it counts as unvoiced (published inference)


@dataclass(frozen=True)
class Speech:
    """A waveform and what it was made of.

    Attributes:
        wav: (T,), its peak at 0.999.
        rate: of `wav`, Hz.
        f0: (4 N,) in Hz at 200 frames/s, 0 where unvoiced: what the synthesizer was given.
        mel: (80, N), log-mel of the 16 kHz waveform, 50 frames/s.
        alignment: (N, L) of 0 and 1, frames to tokens (blanks between); None for converted speech.
    """

    wav: Waveform
    rate: int
    f0: Track
    mel: NDArray[np.float32]
    alignment: NDArray[np.float32] | None = None


class HierSpeechPipeline:
    """Zero-shot text to speech and voice conversion. Networks load when they are first needed.

    Args:
        folder: the bundle.
        synthesizer: how its synthesizer was made.
        text_to_vec: how its text-to-vec model was made; None where the bundle has none.
        device: where the networks run.
    """

    def __init__(
        self,
        folder: Path,
        synthesizer: SynthesizerExperiment,
        text_to_vec: TextToVecExperiment | None,
        device: torch.device,
    ) -> None:
        self.folder = folder
        self.synthesizer_experiment = synthesizer
        self.text_to_vec_experiment = text_to_vec
        self.device = device
        self.frontend = TextFrontend()
        self._upsamplers: dict[int, Upsampler] = {}

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> HierSpeechPipeline:
        """Open a bundle (see `models.base.bundle`); voice conversion does without its `text_to_vec`.

        Raises:
            CheckpointError: a part's checkpoint is missing, broken, or of another part.
            ConfigError: the parts were trained on different semantic features.
        """
        synthesizer = _experiment(folder, "synthesizer", SynthesizerExperiment)
        text_to_vec = None
        if (folder / "text_to_vec").is_dir():
            text_to_vec = _experiment(folder, "text_to_vec", TextToVecExperiment)
            require_same_features(
                synthesizer.features.semantic, text_to_vec.features.semantic, f"{folder / 'text_to_vec'}"
            )
        return cls(folder, synthesizer, text_to_vec, torch.device(device))

    @cached_property
    def synthesizer(self) -> HierarchicalSynthesizer:
        """The hierarchical synthesizer, ready for inference."""
        network, _ = load_network(part_checkpoint(self.folder, "synthesizer"), self.device)
        assert isinstance(network, HierarchicalSynthesizer)
        remove_weight_norm(network)
        return network

    @cached_property
    def text_to_vec(self) -> TextToVec:
        """The text-to-vec model, ready for inference.

        Raises:
            CheckpointError: the bundle has none.
        """
        network, _ = load_network(part_checkpoint(self.folder, "text_to_vec"), self.device)
        assert isinstance(network, TextToVec)
        remove_weight_norm(network)
        return network

    @cached_property
    def semantic_extractor(self) -> SemanticExtractor:
        """The encoder whose vectors the synthesizer was trained on.

        Raises:
            DependencyError: its weights are not there.
        """
        return build_semantic_extractor(self.synthesizer_experiment.features.semantic, self.device)

    def require(self, *, text: bool, rate: int) -> None:
        """Make sure that the bundle can do what is asked, before anything is computed.

        Args:
            text: whether it has to read text.
            rate: of the output, Hz.

        Raises:
            ConfigError: the rate is none of 16000, 24000 and 48000.
            CheckpointError: the bundle lacks a part.
        """
        if rate not in RATES:
            raise ConfigError(f"no rate {rate}", f"choose one of {', '.join(map(str, RATES))}")
        if text:
            part_checkpoint(self.folder, "text_to_vec")
        if rate != SAMPLE_RATE:
            part_checkpoint(self.folder, upsampler_part(rate))

    @torch.inference_mode()
    def tts(
        self,
        text: str,
        prompt: Waveform,
        prompt_rate: int,
        *,
        rate: int = SAMPLE_RATE,
        seed: int = DEFAULT_SEED,
        noise_scale_ttv: float = NOISE_SCALE,
        noise_scale: float = NOISE_SCALE,
        speed: float = 1.0,
    ) -> Speech:
        """Speak a text in the voice of a prompt.

        Args:
            text: what to say; `[[həlˈoʊ]]` is taken as IPA.
            prompt: (T,), the voice.
            prompt_rate: of `prompt`, Hz.
            rate: of the result, Hz.
            seed: of all noise; the same one gives the same waveform on the same machine.
            noise_scale_ttv: how much the reading varies.
            noise_scale: how much the sound varies.
            speed: over 1 is faster.

        Raises:
            TextError: nothing in the text can be spoken.
            AudioError: the prompt is silent, too short or not finite, or the networks made no sound.
            CheckpointError, ConfigError, DependencyError: the bundle lacks or contradicts what is asked for.
        """
        self.require(text=True, rate=rate)
        if not speed > 0:
            raise ConfigError(f"no speed {speed:g}", "give a number over 0; 1 is the model's own")
        tokens = intersperse(self.frontend.tokens(self.frontend.phonemes(text)))
        voice = self._batch(prepare_recording(prompt, prompt_rate, "the prompt"))
        noise = torch.Generator().manual_seed(seed)
        text_to_vec, experiment = self.text_to_vec, self.text_to_vec_experiment
        assert experiment is not None
        spoken = text_to_vec.infer(
            torch.tensor([tokens], device=self.device),
            torch.tensor([len(tokens)], device=self.device),
            text_to_vec.style(log_mel(voice, experiment.mel)),
            noise_scale=noise_scale_ttv,
            length_scale=1 / speed,
            generator=noise,
        )
        pitch = torch.where(spoken.log_f0 < LOWEST_LOG_F0, 0.0, spoken.log_f0)
        sound = self._speak(spoken.semantic, pitch, voice, noise_scale, noise)
        return self._finish(sound, pitch, rate, spoken.alignment[0].float().cpu().numpy())

    @torch.inference_mode()
    def vc(
        self,
        source: Waveform,
        source_rate: int,
        prompt: Waveform,
        prompt_rate: int,
        *,
        rate: int = SAMPLE_RATE,
        seed: int = DEFAULT_SEED,
        noise_scale: float = NOISE_SCALE,
    ) -> Speech:
        """Say what a source recording says, as it says it, in the voice and at the pitch of a prompt.

        Args:
            source: (T,), what to say; the result is as long, up to 80 ms longer.
            source_rate: of `source`, Hz.
            prompt, prompt_rate, rate, seed, noise_scale: as for `tts`.

        Raises:
            AudioError: a recording is silent, too short or not finite, or the networks made no sound.
            CheckpointError, ConfigError, DependencyError: the bundle lacks or contradicts what is asked for.
        """
        self.require(text=False, rate=rate)
        said = pad_to_grid(prepare_recording(source, source_rate, "the source"))
        voice = prepare_recording(prompt, prompt_rate, "the prompt")
        config = self.synthesizer_experiment.features.pitch
        f0 = transfer_pitch(
            extract_f0(said, SAMPLE_RATE, config, "the source"),
            extract_f0(voice, SAMPLE_RATE, config, "the prompt"),
        )
        pitch = log_f0(self._batch(f0)[None])
        semantic = self.semantic_extractor.extract(self._batch(said))
        noise = torch.Generator().manual_seed(seed)
        sound = self._speak(semantic, pitch, self._batch(voice), noise_scale, noise)
        return self._finish(sound, pitch, rate, None)

    def _speak(
        self, semantic: Tensor, pitch: Tensor, voice: Tensor, noise_scale: float, noise: torch.Generator
    ) -> Waveform:
        """Semantic vectors (1, C, N) and log-F0 (1, 1, 4 N) in the voice of (1, T) to (320 N,) at 16 kHz."""
        style = self.synthesizer.style(log_mel(voice, self.synthesizer_experiment.mel))
        wav = self.synthesizer.infer(semantic, pitch, style, noise_scale=noise_scale, generator=noise)
        if not torch.isfinite(wav).all():
            raise AudioError(f"{self.folder} made a NaN or an infinity", "use other weights")
        sound: Waveform = wav[0, 0].float().cpu().numpy()
        return sound

    def _finish(
        self, sound: Waveform, pitch: Tensor, rate: int, alignment: NDArray[np.float32] | None
    ) -> Speech:
        mel = log_mel(torch.from_numpy(sound)[None], self.synthesizer_experiment.mel)[0].numpy()
        wav = sound
        if rate != SAMPLE_RATE:
            wav, _ = self._upsampler(rate).upsample(sound, SAMPLE_RATE)
        f0 = pitch[0, 0].expm1().float().cpu().numpy()
        return Speech(peak_normalize(wav), rate, f0, mel, alignment)

    def _upsampler(self, rate: int) -> Upsampler:
        if rate not in self._upsamplers:
            self._upsamplers[rate] = load_upsampler(self.folder, rate, self.device)
        return self._upsamplers[rate]

    def _batch(self, values: NDArray[np.float32]) -> Tensor:
        """(T,) to (1, T) on the device."""
        return torch.from_numpy(values)[None].to(self.device)


def _experiment(folder: Path, part: str, schema: type[ExperimentT]) -> ExperimentT:
    checkpoint = part_checkpoint(folder, part)
    experiment = read_experiment(checkpoint)
    if not isinstance(experiment, schema):
        raise CheckpointError(
            f"{checkpoint} holds {experiment.part} of {experiment.system}",
            f"put {part} of hierspeechpp there",
        )
    return experiment
