"""NaturalSpeech 2 for use: zero-shot text to speech from a prompt, whose text is not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import load_part, part_checkpoint
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.pitch_control import SEMITONE, asked_pitch
from hiervox.models.base.pipelines.pitch_curve import sampled_pitch, stretch_pitch
from hiervox.models.base.pipelines.protocols import Codec
from hiervox.models.base.pipelines.speech import Synthesis, drawn_mel
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._variance.durations import expand_by_durations
from hiervox.models.tts._voices.codec import CODES, CodecVoices, decode_codes
from hiervox.models.tts.durations import require_frames, require_speakable
from hiervox.models.tts.naturalspeech2.config import NaturalSpeech2Experiment
from hiervox.models.tts.naturalspeech2.controls import NaturalSpeech2Controls
from hiervox.models.tts.naturalspeech2.networks.naturalspeech2 import NaturalSpeech2, Prompt
from hiervox.models.tts.symbols import require_symbol_rows
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour
from hiervox.processors.text import TextConfig
from hiervox.utils.errors import CheckpointError

NETWORK = "naturalspeech2"
MOST_FRAMES_PER_TOKEN = 100  # over a second to each symbol


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[NaturalSpeech2Controls]:
    """Open a bundle with `naturalspeech2` and its codec.

    Raises:
        CheckpointError: one is missing, broken, or of other sizes, or the network reads other symbols.
    """
    place = part_checkpoint(folder, NETWORK)
    network, experiment = load_as(place, device, NaturalSpeech2, NaturalSpeech2Experiment, plain=True)
    require_symbol_rows(place, network.config.n_symbols, experiment.text)
    codec: Codec = load_part(folder, "codec", device)
    config = network.config
    if codec.codebook_size != config.n_codes or codec.codebooks < config.n_codebooks:
        raise CheckpointError(
            f"the latents are of {config.n_codebooks} codebooks of {config.n_codes}, but the codec has "
            f"{codec.codebooks} of {codec.codebook_size}",
            "put the codec there that the network was trained with",
        )
    synthesizer = NaturalSpeech2Synthesizer(network, experiment.text, codec)
    voices = CodecVoices(folder, codec, config.n_codebooks)
    return SpeechPipeline(folder, device, NaturalSpeech2Controls, synthesizer, voices)


class NaturalSpeech2Synthesizer:
    """The network and a codec as a `Synthesizer`; `Synthesis.features` are codes (N, Q).

    Latents are brought to the nearest codes before the codec decodes them; Amphion decodes them as they are.

    Args:
        network: in evaluation mode.
        text: languages and symbols.
        codec: whose latents it makes.
    """

    largest_batch = None

    def __init__(self, network: NaturalSpeech2, text: TextConfig, codec: Codec) -> None:
        self.network, self.codec = network, codec
        self.reader, self.rate = TextReader(text), codec.rate
        self.mel_config = drawn_mel(codec.rate)
        self.device = next(network.parameters()).device

    def prepare(self, controls: NaturalSpeech2Controls) -> None:
        """All controls can be followed."""

    @torch.inference_mode()
    def acoustic(
        self, items: Sequence[Item], controls: NaturalSpeech2Controls, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences to codes (N, Q), one by one: durations must not depend on a batch's last bits.

        Raises:
            CheckpointError: the durations are beyond any speech.
        """
        return [self._spoken(sequence, voice, controls, attempt) for sequence, voice in items]

    def _spoken(
        self, sequence: TokenSequence, voice: Voice, controls: NaturalSpeech2Controls, attempt: int
    ) -> Synthesis:
        codes = voice.tensors[CODES][None].to(self.device)
        prompt = self.network.encode_prompt(codes, torch.ones_like(codes[:, :1], dtype=torch.float32))
        tokens = torch.tensor([sequence.tokens], device=self.device)
        mask = torch.ones(1, 1, tokens.shape[1], device=self.device)
        hidden, log_durations = self.network.encode_text(tokens, mask, prompt)
        frames = (log_durations.exp() - 1).clamp_min(0)
        require_speakable(frames.mean(1), MOST_FRAMES_PER_TOKEN)
        rates = frames.new_tensor([sequence.rates]) * controls.speed
        durations = (frames / rates).round().long()
        require_frames(durations.sum(1))
        condition, log_pitch = self._condition(hidden, durations, prompt, sequence, controls)
        noise = noise_for(controls.seed, sequence.position, attempt)
        start = torch.randn(1, self.network.config.latent_channels, condition.shape[2], generator=noise)
        latents = self.network.sample(
            controls.temperature * start.to(self.device), condition, prompt, controls.steps, controls.solver
        )
        made, _ = self.network.distances(latents)
        return Synthesis(
            sequence,
            made[0].T,
            self.codec.frame_rate,
            noise,
            durations=durations[0].tolist(),
            f0=self._contour(log_pitch),
        )

    def _condition(
        self,
        hidden: Tensor,
        durations: Tensor,
        prompt: Prompt,
        sequence: TokenSequence,
        controls: NaturalSpeech2Controls,
    ) -> tuple[Tensor, Tensor]:
        """(1, C, T) and log F0 (1, T), as controls and markup want it."""
        size = int(durations.sum())
        mask = hidden.new_ones(1, 1, size)
        frames = expand_by_durations(hidden, durations, size)
        log_pitch = self.network.pitch(frames, mask, prompt.frames, prompt.mask)
        if sequence.f0 is not None:
            curve = torch.from_numpy(stretch_pitch(sequence.f0, size)).to(log_pitch)[None]
            log_pitch = curve.clamp_min(self.network.config.lowest_pitch).log()
        asked = hidden.new_tensor(asked_pitch(sequence, controls))
        shift, spread = expand_by_durations(asked[None], durations, size)[0]
        mean = log_pitch.mean(1, keepdim=True)
        log_pitch = mean + (log_pitch - mean) * spread + shift * SEMITONE
        return self.network.with_pitch(frames, log_pitch.exp()), log_pitch

    def _contour(self, log_pitch: Tensor) -> F0Contour:
        """F0 (T,) in Hz at 200 Hz; the lowest bin is unvoiced."""
        config, hz = self.network.config, log_pitch[0].exp().float().cpu().numpy()
        return sampled_pitch(
            np.where(hz > config.lowest_pitch, hz, 0).astype(np.float32), self.codec.frame_rate
        )

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: NaturalSpeech2Controls
    ) -> list[Waveform]:
        """Codes to waveforms (T_i,), in the prompt's timbre where the codec leaves that out."""
        return [
            decode_codes(self.codec, acoustic.features.T.cpu().numpy(), voice)
            for acoustic, voice in zip(batch, voices, strict=True)
        ]

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: NaturalSpeech2Controls
    ) -> Iterator[Waveform]:
        """`decode` in one chunk."""
        yield from self.decode([synthesis], [voice], controls)
