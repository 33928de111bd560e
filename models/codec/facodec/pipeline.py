"""FACodec for use: a recording to tokens by attribute and back, and into another voice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, find_checkpoint, load_weights
from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import is_checkpoint, part_checkpoint
from hiervox.models.base.pipelines.codes import codes_of
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.base.pipelines.parts import Source, no_speaker
from hiervox.models.base.pipelines.protocols import Codes
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice, fingerprint, is_style
from hiervox.models.codec.facodec.config import FACodecExperiment, RedecoderExperiment
from hiervox.models.codec.facodec.controls import FACodecControls
from hiervox.models.codec.facodec.networks.facodec import FACodec
from hiervox.models.codec.facodec.networks.quantizer import ATTRIBUTES, Attribute, FactorizedCodebook
from hiervox.models.codec.facodec.networks.redecoder import Redecoder
from hiervox.models.vc.no_text import NoSpeech
from hiervox.modules.functional.windows import window_plan
from hiervox.processors.audio import SAMPLE_RATE, Waveform, as_recording, require_finite, resample
from hiervox.processors.pitch import F0Contour
from hiervox.utils.errors import CheckpointError, ConfigError, DataError

TIMBRE = "timbre"
CODEC, REDECODER = "facodec", "redecoder"
WINDOW_SECONDS = 20
MARGIN_SECONDS = 1
"""Far beyond what the authors' convolutions see; a recurrent stack or attention sees more (docs)."""
TIMBRE_SECONDS = 30
"""Of a recording that its timbre is taken from."""


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> FACodecPipeline:
    """Open a checkpoint of the codec, or a bundle with `facodec` and, if it likes, `redecoder`.

    Raises:
        CheckpointError: one is missing, broken, or another system's.
        ConfigError: the redecoder reads other codes.
    """
    alone = is_checkpoint(folder)
    place = folder if alone else part_checkpoint(folder, CODEC)
    network, experiment = load_as(place, device, FACodec, FACodecExperiment)
    redecoder = None
    if not alone and (folder / REDECODER).is_dir():
        redecoder, _ = load_as(part_checkpoint(folder, REDECODER), device, Redecoder, RedecoderExperiment)
        given, wanted = redecoder.sizes, network.config
        if (given.quantizer.books, given.quantizer.n_entries, given.hop_length, given.dimension) != (
            wanted.quantizer.books,
            wanted.quantizer.n_entries,
            wanted.hop_length,
            wanted.dimension,
        ):
            raise ConfigError("the redecoder reads codes of another codec", "put the codec's own there")
    coder = Coder(network, redecoder)
    voices = TimbreVoices(coder, experiment, place)
    speech = SpeechPipeline(
        folder,
        coder.device,
        FACodecControls,
        NoSpeech(network.config.mel, coder.rate),
        voices,
        converter=TimbreConverter(coder),
    )
    return FACodecPipeline(coder, speech)


class Coder:
    """The networks on recordings of any length, in windows.

    Args:
        network: goes to eval mode.
        redecoder: what conversion decodes with; the codec itself where None.
    """

    def __init__(self, network: FACodec, redecoder: Redecoder | None = None) -> None:
        self.network, self.redecoder = network.eval(), redecoder
        self.device = next(network.parameters()).device
        self.rate, self.hop = network.config.sample_rate, network.config.hop_length
        self.window = round(WINDOW_SECONDS * network.config.frame_rate)
        self.margin = round(MARGIN_SECONDS * network.config.frame_rate)

    @torch.inference_mode()
    def encode(self, wav: Waveform) -> tuple[Tensor, Tensor]:
        """(T,) at `rate` → codes (1, Q, N), a frame for each begun hop, and timbre (1, D)."""
        # windows of the mel spectrogram are reflected, and have to be longer than that
        frames = max(-(-wav.size // self.hop), self.network.config.mel.n_fft // self.hop + 1)
        whole = torch.from_numpy(np.pad(wav, (0, frames * self.hop - wav.size)))[None, None].to(self.device)
        codes = [
            self.network.encode(whole[..., window.first * self.hop : window.last * self.hop])[0][
                ..., window.start - window.first : window.stop - window.first
            ]
            for window in window_plan(frames, self.window, self.margin)
        ]
        return torch.cat(codes, 2)[..., : max(1, -(-wav.size // self.hop))], self.timbre(whole)

    def timbre(self, wav: Tensor) -> Tensor:
        """(1, 1, T) at `rate` → (1, D), of its beginning."""
        heard = wav[..., : TIMBRE_SECONDS * self.rate]
        return self.network.encode(heard)[1]

    @torch.inference_mode()
    def decode(
        self, codes: Tensor, timbre: Tensor, attributes: Sequence[Attribute], redecoded: bool = False
    ) -> Iterator[Waveform]:
        """Codes (1, Q, N) and timbre (1, D) → chunks (T_i,) at `rate`."""
        for window in window_plan(codes.shape[2], self.window, self.margin):
            seen = codes[..., window.first : window.last]
            if redecoded and self.redecoder is not None:
                wav = self.redecoder.decode(seen, timbre)
            else:
                wav = self.network.decode(seen, timbre, attributes)
            first = (window.start - window.first) * self.hop
            chunk: Waveform = wav[0, 0, first : first + (window.stop - window.start) * self.hop].cpu().numpy()
            require_finite(chunk, "what is decoded")
            yield chunk


class FACodecPipeline(NotPickled):
    """Codes and decodes mono recordings; as a voice converter it is a `SpeechPipeline`, whose members it has.

    Args:
        coder: the networks.
        speech: converts.

    Attributes:
        rate: of waveforms, Hz.
        frame_rate: frames of tokens a second.
        codebooks: of all attributes.
        codebook_size: values of a token.
        attributes: codebooks of each attribute, in the order of the codes.
    """

    def __init__(self, coder: Coder, speech: SpeechPipeline[FACodecControls]) -> None:
        self.coder, self.speech = coder, speech
        config = coder.network.config
        self.device = coder.device
        self.rate = config.sample_rate
        self.frame_rate = config.frame_rate
        self.codebooks = config.n_codebooks
        self.codebook_size = config.quantizer.n_entries
        books = config.quantizer.books.items()
        self.attributes: Mapping[str, int] = {str(name): count for name, count in books}

    def __getattr__(self, name: str) -> Any:
        if name == "speech":  # before __init__ has set it
            raise AttributeError(name)
        return getattr(self.speech, name)

    @torch.inference_mode()
    def entries(self, codebook: int) -> NDArray[np.float32]:
        """See `VectorCodec.entries`: as the decoder gets them, (codebook_size, D)."""
        quantizers = self.coder.network.quantizers.values()
        books = [book for each in quantizers for book in each.get_submodule("books").children()]
        every = torch.arange(self.codebook_size, device=self.device)[None]
        vectors: NDArray[np.float32] = (
            cast("FactorizedCodebook", books[codebook]).decode(every)[0].T.cpu().numpy().copy()
        )
        return vectors

    def encode(self, wav: Waveform, rate: int, codebooks: int | None = None) -> Codes:
        """Tokens alone, see `encode_voiced`."""
        return self.encode_voiced(wav, rate, codebooks)[0]

    def decode(self, codes: Codes) -> NoReturn:
        """Is refused: tokens do not say whose voice they are.

        Raises:
            ConfigError: always.
        """
        raise ConfigError("the tokens of this model leave the voice out", "use `decode_voiced`")

    def encode_voiced(self, wav: Waveform, rate: int, codebooks: int | None = None) -> tuple[Codes, Waveform]:
        """Code a waveform.

        Args:
            wav: (T,) float32.
            rate: of `wav`, Hz; it is resampled to `self.rate`.
            codebooks: the first so many; all where None.

        Returns:
            tokens (Q, N), a frame for each begun hop, and the timbre (D,).

        Raises:
            AudioError: the waveform is empty, has several channels, or is not finite.
            ConfigError: there are no so many codebooks.
        """
        wav = as_recording(wav, "the recording")
        if codebooks is not None and not 1 <= codebooks <= self.codebooks:
            raise ConfigError(f"no {codebooks} codebooks", f"choose 1 to {self.codebooks}")
        codes, timbre = self.coder.encode(resample(wav, rate, self.rate))
        return codes[0, :codebooks].cpu().numpy(), timbre[0].cpu().numpy()

    def decode_voiced(
        self, codes: Codes, timbre: Waveform, attributes: Sequence[str] | None = None
    ) -> Waveform:
        """Tokens (Q, N) of the first Q codebooks in a voice (D,) → (N * hop,) at `self.rate`.

        Args:
            codes: as `encode_voiced` gives them.
            timbre: of the same recording, or of another.
            attributes: which of `self.attributes` count; all where None.

        Raises:
            DataError: the tokens or the timbre are not this codec's.
            ConfigError: an attribute that there is not, or none that the tokens have.
        """
        checked, voice = codes_of(codes, self, self.device), np.asarray(timbre, np.float32)
        if voice.shape != (self.coder.network.config.dimension,) or not np.isfinite(voice).all():
            raise DataError(f"a timbre of shape {voice.shape} can't be used", "name the right model")
        chosen = self._chosen(attributes, checked.shape[1])
        given = torch.from_numpy(voice)[None].to(self.device)
        return np.concatenate(list(self.coder.decode(checked, given, chosen)))

    def _chosen(self, attributes: Sequence[str] | None, n_books: int) -> list[Attribute]:
        """Attributes by name, of those that the first `n_books` hold."""
        unknown = sorted(set(attributes or ()) - set(ATTRIBUTES))
        if unknown:
            raise ConfigError(f"no attribute {unknown[0]}", f"there are {', '.join(ATTRIBUTES)}")
        held, before = set(), 0
        for name in ATTRIBUTES:
            if n_books > before:
                held.add(name)
            before += self.attributes[name]
        chosen = [name for name in ATTRIBUTES if name in held and name in (attributes or ATTRIBUTES)]
        if not chosen:
            raise ConfigError("the tokens have none of these", f"they have {', '.join(sorted(held))}")
        return chosen


class TimbreVoices:
    """Voices from prompts: their timbre vectors.

    Args:
        coder: the networks.
        experiment: of the codec.
        folder: of its checkpoint or run.
    """

    speakers: tuple[str, ...] = ()
    prompts_have_text = False

    def __init__(self, coder: Coder, experiment: FACodecExperiment, folder: Path) -> None:
        self.coder, self.folder = coder, folder
        self.pitch = experiment.features.pitch

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what makes voices, as it stands in the checkpoint."""
        weights = load_weights(find_checkpoint(self.folder) / WEIGHTS_NAME)
        return fingerprint(weights, ("encoder", "timbre_encoder"))

    def speaker(self, name: str) -> dict[str, Tensor]:
        """Is refused: the networks know no speakers by name.

        Raises:
            ConfigError: always.
        """
        raise no_speaker(name)

    @torch.inference_mode()
    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The timbre (D, 1) of a prompt (T,) at 16 kHz."""
        wav = resample(recording, SAMPLE_RATE, self.coder.rate)
        return {TIMBRE: self.coder.encode(wav)[1][0, :, None].float().cpu()}

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without a vector (D, 1) of the network's size.

        Raises:
            CheckpointError: such a voice.
        """
        timbre = voice.tensors.get(TIMBRE)
        if timbre is None or not is_style(timbre, self.coder.network.config.dimension):
            raise CheckpointError(f"{name} holds no timbre of the model", "remove it and add the voice again")


class TimbreConverter:
    """A `Converter`: the source's prosody and content in another timbre (section 3.2.1, NaturalSpeech 3).

    Args:
        coder: the networks.
    """

    def __init__(self, coder: Coder) -> None:
        self.coder = coder

    def convert(
        self, source: Source, voice: Voice, controls: FACodecControls, f0: F0Contour | None = None
    ) -> tuple[None, Iterator[Waveform]]:
        """See `Converter.convert`; the result's pitch is the source's at the height that the timbre gives it.

        Raises:
            ConfigError: an F0 curve: the tokens hold one already.
        """
        if f0 is not None:
            raise ConfigError("the model takes no F0 curve", "convert without one")
        codes, _ = self.coder.encode(resample(source.wav, source.rate, self.coder.rate))
        attributes = ATTRIBUTES if controls.residual else ATTRIBUTES[:2]
        books = self.coder.network.config.quantizer.books
        kept = codes[:, : sum(books[name] for name in attributes)]
        timbre = voice.tensors[TIMBRE][:, 0][None].to(self.coder.device)
        return None, self.coder.decode(kept, timbre, attributes, redecoded=True)
