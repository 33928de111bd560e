"""VALL-E for use: zero-shot text to speech from a short prompt and its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import load_part, part_checkpoint
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.protocols import Codec
from hiervox.models.base.pipelines.speech import Synthesis, drawn_mel
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._voices.codec import CODES, CodecVoices, decode_codes
from hiervox.models.tts._voices.prompt_text import text_beside
from hiervox.models.tts.valle.config import AutoregressiveExperiment, NonAutoregressiveExperiment
from hiervox.models.tts.valle.controls import ValleControls
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder, Written
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder
from hiervox.models.tts.valle.phones import PhoneTable
from hiervox.processors.audio import Waveform
from hiervox.processors.text import TextConfig
from hiervox.utils.errors import CheckpointError, ConfigError, TextError

TOKENS = "tokens"
AUTOREGRESSIVE, NON_AUTOREGRESSIVE = "autoregressive", "non_autoregressive"
MOST_TRANSCRIPT = 4_000
"""Characters of what is said in a prompt; attention grows with their square."""
ATTEMPTS = 3
"""How often a sequence is written where the decoder finds no end, or ends at once."""


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[ValleControls]:
    """Open a bundle with `autoregressive`, `non_autoregressive` and any codec.

    Raises:
        CheckpointError: one is missing, broken, or of another part, or the codec is of other sizes.
    """
    place = part_checkpoint(folder, AUTOREGRESSIVE)
    autoregressive, experiment = load_as(
        place, device, AutoregressiveDecoder, AutoregressiveExperiment, plain=True
    )
    place = part_checkpoint(folder, NON_AUTOREGRESSIVE)
    non_autoregressive, _ = load_as(
        place, device, NonAutoregressiveDecoder, NonAutoregressiveExperiment, plain=True
    )
    codec: Codec = load_part(folder, "codec", device)
    _require_fitting(folder, autoregressive, non_autoregressive, codec)
    reader = ValleReader(experiment.text, experiment.phones)
    voices = ValleVoices(folder, codec, non_autoregressive.config.n_codebooks, reader)
    synthesizer = ValleSynthesizer(autoregressive, non_autoregressive, codec, reader)
    return SpeechPipeline(folder, device, ValleControls, synthesizer, voices)


def _require_fitting(
    folder: Path, autoregressive: AutoregressiveDecoder, decoder: NonAutoregressiveDecoder, codec: Codec
) -> None:
    config = decoder.config
    if autoregressive.config.monotonic != config.monotonic:
        raise CheckpointError(
            f"of the decoders of {folder} one is monotonic, and the other is not", "take both of one training"
        )
    if config.n_codes != codec.codebook_size or config.n_codebooks > codec.codebooks:
        raise CheckpointError(
            f"the decoders write {config.n_codebooks} codebooks of {config.n_codes}, but the codec has "
            f"{codec.codebooks} of {codec.codebook_size}",
            "put the codec there that they were trained with",
        )


class ValleReader(TextReader):
    """Looks up the phones of a published model's own table, where it has one.

    Args:
        text: languages and symbols of the model.
        phones: the table.
    """

    def __init__(self, text: TextConfig, phones: PhoneTable) -> None:
        super().__init__(text)
        self.phones = phones

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """See `Reader.read`."""
        sequences = super().read(text, language)
        return [self._in_phones(sequence) for sequence in sequences] if self.phones.symbols else sequences

    def tokens(self, text: str, language: str | None = None) -> list[int]:
        """The tokens of all of a text."""
        return [token for sequence in self.read(text, language) for token in sequence.tokens]

    def prompt_tokens(self, text: str, name: str, language: str | None = None) -> list[int]:
        """The tokens of what is said in a prompt.

        Raises:
            TextError: no prompt says so much; the message starts with `name`.
        """
        if len(text) > MOST_TRANSCRIPT:
            raise TextError(
                f"{name} has {len(text)} characters, and no prompt says over {MOST_TRANSCRIPT}",
                "write down what is said in the prompt, and nothing else",
            )
        return self.tokens(text, language)

    def _in_phones(self, sequence: TokenSequence) -> TokenSequence:
        tokens, places = self.phones.look_up(sequence.phonemes)
        chosen: dict[str, Any] = {
            name: [getattr(sequence, name)[place] for place in places]
            for name in ("silent", "rates", "semitones", "pitch_ranges")
        }
        return replace(sequence, tokens=tokens, **chosen)


class ValleVoices(CodecVoices):
    """Voices from prompts: the codes and, where the text is known, the phonemes.

    The text is that of the control `prompt_text`, or of the file that is called as the recording and ends in
    `.txt`.

    Args:
        folder: of the bundle.
        codec: whose codes a voice is made of.
        n_codebooks: of them.
        reader: of the prompt's text.
    """

    prompts_have_text = True

    def __init__(self, folder: Path, codec: Codec, n_codebooks: int, reader: ValleReader) -> None:
        super().__init__(folder, codec, n_codebooks)
        self.reader = reader

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The codes (Q, P) of a prompt (T,) at 16 kHz, and the tokens of the text beside it."""
        encoded = super().encode(recording, name, for_text)
        text = text_beside(name)
        if text is None:
            return encoded
        tokens = self.reader.prompt_tokens(text, str(Path(name).with_suffix(".txt")))
        return {**encoded, TOKENS: torch.tensor(tokens)}

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without the codes (Q, P) of a prompt, or with other tokens than (N,).

        Raises:
            CheckpointError: such a voice.
        """
        super().check(voice, name)
        tokens = voice.tensors.get(TOKENS)
        if tokens is None:
            return
        if tokens.dtype != torch.int64 or tokens.ndim != 1 or not bool((tokens >= 0).all()):
            raise CheckpointError(f"{name} holds no codes of this model", "remove it and add the voice again")


class ValleSynthesizer:
    """Both decoders and a codec as a `Synthesizer`; `Synthesis.features` are codes (N, Q).

    Args:
        autoregressive, non_autoregressive: the decoders, in evaluation mode.
        codec: that their codes are of.
        reader: of texts.
    """

    largest_batch = None

    def __init__(
        self,
        autoregressive: AutoregressiveDecoder,
        non_autoregressive: NonAutoregressiveDecoder,
        codec: Codec,
        reader: ValleReader,
    ) -> None:
        self.autoregressive, self.non_autoregressive = autoregressive, non_autoregressive
        self.codec, self.reader, self.rate = codec, reader, codec.rate
        self.mel_config = drawn_mel(codec.rate)
        self.device = next(autoregressive.parameters()).device

    def prepare(self, controls: ValleControls) -> None:
        """All controls can be followed."""

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: ValleControls, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to codes (N, Q).

        Raises:
            CheckpointError: no end was found, or no code before it, in several attempts.
            ConfigError: the prompt's text is not known, or an F0 curve is given.
        """
        return [self._written(sequence, voice, controls, attempt) for sequence, voice in items]

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: ValleControls
    ) -> list[Waveform]:
        """Codes to waveforms (T_i,)."""
        return [
            decode_codes(self.codec, acoustic.features.T.cpu().numpy(), voice)
            for acoustic, voice in zip(batch, voices, strict=True)
        ]

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: ValleControls
    ) -> Iterator[Waveform]:
        """`decode` in one chunk."""
        yield from self.decode([synthesis], [voice], controls)

    def _prompt_tokens(self, voice: Voice, controls: ValleControls) -> list[int]:
        if controls.prompt_text is not None:
            return self.reader.prompt_tokens(controls.prompt_text, "prompt_text", controls.language)
        if TOKENS not in voice.tensors:
            raise ConfigError(
                "VALL-E has to know what is said in its prompt",
                "set prompt_text, or write it into a .txt file beside the recording",
            )
        tokens: list[int] = voice.tensors[TOKENS].tolist()
        return tokens

    def _written(
        self, sequence: TokenSequence, voice: Voice, controls: ValleControls, attempt: int
    ) -> Synthesis:
        sequence.require_no_f0()
        config = self.non_autoregressive.config
        spoken = self._prompt_tokens(voice, controls)
        text = self._batch([*spoken, *sequence.tokens])
        prompt = voice.tensors[CODES].T[None].to(self.device)
        noise = noise_for(controls.seed, sequence.position, attempt)
        first = self._first_codebook(text, len(spoken), prompt[..., 0], controls, noise)
        # trained on excerpts, the other decoder reads the prompt's codes without its text
        left_out = len(spoken) if config.prompt == "excerpt" else 0
        own = self._batch(sequence.tokens) if left_out else text
        places = None if first.spoken is None else first.spoken[None] - left_out
        codes = self.non_autoregressive.write(own, prompt, first.codes[None], places)[0]
        return Synthesis(sequence, codes, self.codec.frame_rate, noise)

    def _batch(self, tokens: Sequence[int]) -> Tensor:
        config = self.autoregressive.config
        return torch.tensor([[config.begin, *tokens, config.end]], device=self.device)

    def _first_codebook(
        self, text: Tensor, spoken: int, prompt: Tensor, controls: ValleControls, noise: torch.Generator
    ) -> Written:
        """What follows a prompt (1, P) whose text has `spoken` tokens."""
        lengths = [torch.tensor([tokens.shape[1]], device=self.device) for tokens in (text, prompt)]
        for _ in range(ATTEMPTS):
            (written,) = self.autoregressive.write(
                text,
                lengths[0],
                prompt,
                lengths[1],
                controls.sampling,
                [noise],
                first_spoken=torch.tensor([1 + spoken], device=self.device),
            )
            if len(written.codes) and (written.ended or controls.stop_at_bound):
                return written
        problem = f"no end in {len(written.codes)} frames" if len(written.codes) else "an end at once"
        raise CheckpointError(
            f"VALL-E wrote {problem}, {ATTEMPTS} times", "set other sampling controls, or train it longer"
        )
