"""VALL-E for use: zero-shot text to speech from a short prompt and its text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, load_network, load_weights
from hiervox.models.base.pipelines.bundle import find_part, load_part, part_checkpoint
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.protocols import Codec
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_to_speech import Item, Script, TextToSpeechPipeline
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.valle.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.config import AutoregressiveExperiment
from hiervox.models.tts.valle.controls import ValleControls
from hiervox.models.tts.valle.non_autoregressive import NonAutoregressiveDecoder
from hiervox.processors.audio import SAMPLE_RATE, Waveform
from hiervox.utils.errors import CheckpointError, ConfigError

CODES, TOKENS = "codes", "tokens"
AUTOREGRESSIVE, NON_AUTOREGRESSIVE = "autoregressive", "non_autoregressive"
ATTEMPTS = 3
"""How often a sequence is written where the decoder finds no end, or ends at once."""


class VallePipeline(TextToSpeechPipeline):
    """Speaks in the voice of a prompt, of which it also reads the text.

    A voice is the prompt's codes and, where they are known, its phonemes: those of the control `prompt_text`,
    or of the file that is called as the recording and ends in `.txt`.

    Args:
        folder: of the bundle.
        autoregressive, non_autoregressive: the decoders.
        experiment: the config of the first.
        codec: that their codes are of.
    """

    controls: ClassVar[type[SpeechControls]] = ValleControls

    def __init__(
        self,
        folder: Path,
        autoregressive: AutoregressiveDecoder,
        non_autoregressive: NonAutoregressiveDecoder,
        experiment: AutoregressiveExperiment,
        codec: Codec,
    ) -> None:
        super().__init__(folder, next(autoregressive.parameters()).device)
        self.autoregressive, self.non_autoregressive = autoregressive.eval(), non_autoregressive.eval()
        self.codec = codec
        self.text, self._phones = experiment.text, experiment.phones
        self.rate = codec.rate
        self._check_parts()

    def _check_parts(self) -> None:
        config = self.non_autoregressive.config
        if config.n_codes != self.codec.codebook_size or config.n_codebooks > self.codec.codebooks:
            raise CheckpointError(
                f"the decoders write {config.n_codebooks} codebooks of {config.n_codes}, but the codec has "
                f"{self.codec.codebooks} of {self.codec.codebook_size}",
                "put the codec there that they were trained with",
            )

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Open a bundle with `autoregressive`, `non_autoregressive` and any codec.

        Raises:
            CheckpointError: one is missing, broken, or of another part.
        """
        ar, experiment = load_network(part_checkpoint(folder, AUTOREGRESSIVE), device)
        nar, _ = load_network(part_checkpoint(folder, NON_AUTOREGRESSIVE), device)
        if (
            not isinstance(ar, AutoregressiveDecoder)
            or not isinstance(experiment, AutoregressiveExperiment)
            or not isinstance(nar, NonAutoregressiveDecoder)
        ):
            raise CheckpointError(
                f"{folder} does not hold VALL-E's decoders", "put them there under their names"
            )
        return cls(folder, ar, nar, experiment, load_part(folder, "codec", device))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the codec's weights: its codes are what a voice is made of."""
        weights = load_weights(find_part(self.folder, "codec").checkpoint / WEIGHTS_NAME)
        digest = hashlib.sha256()
        for name in sorted(weights):
            digest.update(name.encode())
            digest.update(weights[name].contiguous().numpy().tobytes())
        return digest.hexdigest()

    def encode_voice(self, recording: Waveform, for_text: bool = True) -> dict[str, Tensor]:
        """The codes (Q, P) of a prompt (T,) at 16 kHz."""
        codes = self.codec.encode(recording, SAMPLE_RATE, self.non_autoregressive.config.n_codebooks)
        return {CODES: torch.from_numpy(codes)}

    def _prompt_voice(
        self, wav: Waveform, rate: int, name: str, denoise_ratio: float, replicate: bool, for_text: bool
    ) -> Voice:
        if denoise_ratio or replicate:
            raise ConfigError(
                "the prompt of VALL-E is read with its text, and is neither repeated nor mixed",
                "clean the recording with `hiervox enhance`",
            )
        voice = super()._prompt_voice(wav, rate, name, 0.0, False, for_text)
        transcript = Path(name).with_suffix(".txt")
        if not transcript.is_file():
            return voice
        tokens = torch.tensor(self._tokens(transcript.read_text(encoding="utf-8"), None))
        return Voice({**voice.tensors, TOKENS: tokens}, voice.model, voice.peak, voice.pitch)

    def read(self, text: Script, language: str | None = None) -> list[TokenSequence]:
        """Read a text once; a published model reads the phones of its own table.

        Raises:
            TextError: something in the text can't be spoken.
            ConfigError: the model does not declare the language.
        """
        sequences = super().read(text, language)
        if not self._phones.symbols or not isinstance(text, str):
            return sequences
        return [self._in_phones(sequence) for sequence in sequences]

    def _in_phones(self, sequence: TokenSequence) -> TokenSequence:
        tokens, places = self._phones.look_up(sequence.phonemes)
        chosen: dict[str, Any] = {
            name: [getattr(sequence, name)[place] for place in places]
            for name in ("silent", "rates", "semitones", "pitch_ranges")
        }
        return replace(sequence, tokens=tokens, **chosen)

    def _tokens(self, text: str, language: str | None) -> list[int]:
        return [token for sequence in self.read(text, language) for token in sequence.tokens]

    def _prompt_tokens(self, voice: Voice, controls: Any) -> list[int]:
        if controls.prompt_text is not None:
            return self._tokens(controls.prompt_text, controls.language)
        if TOKENS not in voice.tensors:
            raise ConfigError(
                "VALL-E has to know what is said in its prompt",
                "set prompt_text, or write it into a .txt file beside the recording",
            )
        tokens: list[int] = voice.tensors[TOKENS].tolist()
        return tokens

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: Any, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to codes (N, Q).

        Raises:
            CheckpointError: no end was found, or no code before it, in several attempts.
            ConfigError: the prompt's text is not known, or an F0 curve is given.
        """
        return [self._written(sequence, voice, controls, attempt) for sequence, voice in items]

    def _written(self, sequence: TokenSequence, voice: Voice, controls: Any, attempt: int) -> Synthesis:
        sequence.require_no_f0()
        config = self.non_autoregressive.config
        spoken = self._prompt_tokens(voice, controls)
        text = self._batch([*spoken, *sequence.tokens])
        prompt = voice.tensors[CODES].T[None].to(self.device)
        noise = self.noise(sequence, controls, attempt)
        first = self._first_codebook(text, prompt[..., 0], controls, noise)
        # trained on excerpts, the other decoder reads the prompt's codes without its text
        own = self._batch(sequence.tokens) if config.prompt == "excerpt" else text
        codes = self.non_autoregressive.write(own, prompt, first[None])[0]
        return Synthesis(sequence, codes, self.codec.frame_rate, noise)

    def _batch(self, tokens: Sequence[int]) -> Tensor:
        config = self.autoregressive.config
        return torch.tensor([[config.begin, *tokens, config.end]], device=self.device)

    def _first_codebook(self, text: Tensor, prompt: Tensor, controls: Any, noise: torch.Generator) -> Tensor:
        lengths = [torch.tensor([one.shape[1]], device=self.device) for one in (text, prompt)]
        for _ in range(ATTEMPTS):
            (written,) = self.autoregressive.write(
                text, lengths[0], prompt, lengths[1], controls.sampling, [noise]
            )
            if len(written.codes) and (written.ended or controls.stop_at_bound):
                return written.codes
        problem = f"no end in {len(written.codes)} frames" if len(written.codes) else "an end at once"
        raise CheckpointError(
            f"VALL-E wrote {problem}, {ATTEMPTS} times", "set other sampling controls, or train it longer"
        )

    def decode(self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: Any) -> list[Waveform]:
        """Codes to waveforms (T_i,)."""
        return [self.codec.decode(one.features.T.cpu().numpy()) for one in batch]
