"""VITS for use: text to speech, and conversion between its voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_to_speech import Item
from hiervox.models.base.pipelines.token_sequence import noise_for, padded_rows
from hiervox.models.tts.vits.config import VitsExperiment
from hiervox.models.tts.vits.controls import VitsControls
from hiervox.models.tts.vits.model import Vits
from hiervox.models.tts.voices.latents import LatentPipeline
from hiervox.modules.functional.windows import window_plan
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.processors.audio import Waveform
from hiervox.processors.spectrogram import linear_spectrogram
from hiervox.utils.errors import CheckpointError

CONVERSION_WINDOW = 1000
"""Frames of a recording that are converted at once."""
EDGE_FRAMES = 3
"""Of a spectrogram, which what lies beyond the end of its samples reaches."""
NOISE_BLOCK = 256
"""Frames of the posterior's noise that are drawn together."""
RETRY_TEMPERATURE = 0.5
"""Factor of both noise scales at the second attempt."""


class VitsPipeline(LatentPipeline):
    """Speaks in the model's own voices, and, where it has an encoder of references, in any.

    Args:
        folder: of the checkpoint.
        network: its weights are made ready for inference, so it can't be trained any more.
        experiment: its config.
    """

    controls: ClassVar[type[SpeechControls]] = VitsControls
    voice_tensors = ("decoder.output",)

    def __init__(self, folder: Path, network: Vits, experiment: VitsExperiment) -> None:
        super().__init__(folder, network, experiment.mel)
        self.network = network.eval()
        remove_weight_norm(self.network)
        self.text, self.blanks = experiment.text, network.config.blanks

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """
        network, experiment = load_network(folder, device)
        if not isinstance(network, Vits) or not isinstance(experiment, VitsExperiment):
            raise CheckpointError(
                f"{folder} is {experiment.system}/{experiment.part}, not vits/vits", "name a VITS checkpoint"
            )
        return cls(folder, network, experiment)

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: Any, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to latents; at the second attempt with half the noise.

        Raises:
            CheckpointError: the durations are beyond any speech.
            ConfigError: an F0 curve is given.
        """
        sequences = [sequence for sequence, _ in items]
        for sequence in sequences:
            sequence.require_no_f0()
        noise = [self.noise(sequence, controls, attempt) for sequence in sequences]
        temperature = RETRY_TEMPERATURE**attempt
        lengths = [len(sequence.tokens) for sequence in sequences]
        rates = padded_rows([sequence.rates for sequence in sequences], 1.0).to(self.device)
        made = self.network.infer(
            padded_rows([sequence.tokens for sequence in sequences], 0).to(self.device),
            torch.tensor(lengths, device=self.device),
            self.styles([voice for _, voice in items]),
            noise_scale=controls.noise_scale * temperature,
            duration_noise_scale=controls.duration_noise_scale * temperature,
            length_scale=1 / (rates.unsqueeze(1) * controls.speed),
            generator=noise,
        )
        frame_rate = self.rate / self._mel.hop_length
        return [
            Synthesis(
                sequence,
                made.z[[item], :, :frames],
                frame_rate,
                noise[item],
                durations=made.durations[item, : lengths[item]].tolist(),
            )
            for item, (sequence, frames) in enumerate(
                zip(sequences, made.frame_lengths.tolist(), strict=True)
            )
        ]

    @property
    def decoder_context(self) -> int:
        """Of HiFi-GAN."""
        return self.network.decoder.context

    def decode_latent(self, z: Tensor, style: Tensor | None) -> Tensor:
        """(1, C, N), style (1, S, 1) or None → (1, 1, T)."""
        return self.network.decode(z, style)

    @torch.inference_mode()
    def converted(self, wav: Waveform, own: Tensor, target: Tensor, controls: Any) -> Iterator[Waveform]:
        """Window by window (arXiv 2106.06103, section 4.3): the same samples as in one pass."""
        samples = torch.from_numpy(wav)
        frames = len(samples) // self._mel.hop_length
        for window in window_plan(frames, CONVERSION_WINDOW, self.network.decoder.context):
            first = max(0, window.first - self.network.conversion_context - EDGE_FRAMES)
            last = min(frames, window.last + self.network.conversion_context + EDGE_FRAMES)
            end = None if last == frames else last * self._mel.hop_length
            seen = samples[None, first * self._mel.hop_length : end].to(self.device)
            spec = linear_spectrogram(seen, self._mel)
            lengths = torch.tensor([spec.shape[2]], device=self.device)
            noise = self._posterior_noise(first, last, controls)
            latent = self.network.convert(spec, lengths, own, target, noise)
            kept = window.start - first, window.stop - first
            yield from self._sound(latent[:, :, : window.last - first], target, *kept)

    def _posterior_noise(self, first: int, last: int, controls: Any) -> Tensor | None:
        """(1, C, last - first); a frame's depends on the seed and its place alone."""
        if controls.conversion_noise_scale == 0:
            return None
        blocks = range(first // NOISE_BLOCK, -(-last // NOISE_BLOCK))
        size = (1, self.network.config.channels, NOISE_BLOCK)
        drawn = [torch.randn(size, generator=noise_for(controls.seed, block)) for block in blocks]
        start = first - blocks.start * NOISE_BLOCK
        noise = torch.cat(drawn, dim=2)[:, :, start : start + last - first]
        return controls.conversion_noise_scale * noise.to(self.device)
