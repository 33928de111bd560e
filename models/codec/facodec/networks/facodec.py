"""FACodec: speech to tokens of prosody, content and residual and a vector of timbre, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.codec.facodec.networks.layers import AutoencoderSizes, Decoder, Encoder
from hiervox.models.codec.facodec.networks.predictors import (
    AttributePredictors,
    Factors,
    HeadName,
    PredictorSizes,
)
from hiervox.models.codec.facodec.networks.prosody import ProsodyTransformer, ProsodyWaveNet
from hiervox.models.codec.facodec.networks.quantizer import (
    ATTRIBUTES,
    Attribute,
    FactorizedQuantizer,
    FactorizedSizes,
    Quantized,
)
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.style import StyleEncoder, StyleEncoderSizes
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.transformers.convolutional import Transformer, TransformerSizes
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

AUTHORS_MEL = SpectrogramConfig(
    n_fft=1024,
    win_length=800,
    hop_length=200,
    framing="between",
    mel_scale="slaney",
    mel_norm="slaney",
    power=1,
    magnitude_epsilon=1e-9,
    floor=1e-5,
    floor_mode="clamp",
)


class FACodecConfig(AutoencoderSizes):
    """Sizes of the codec; defaults are those of the paper's authors.

    Attributes:
        sample_rate: Hz.
        quantizer: of the books.
        prosody: what prosody is quantised from: the encoder's embedding; or the lowest `prosody_bins` mel
            bins, in which no words are heard, by a transformer (the authors' version for conversion) or by a
            causal WaveNet (the form that was published with a training).
        timbre: what its vector is taken from: the embedding, by a transformer and a mean over time; or the
            mel spectrogram of the whole clip, by a style encoder.
        prosody_bins: see `prosody`.
        transformer, wavenet, style: of the encoders that these name.
        mel: of both, of `sample_rate` and with the codec's hop.
        mel_mean, mel_scale: are subtracted from its logarithm, and divided by.
        predictors: heads that attributes are trained with.
        residual_kept: share of a training batch whose residual reaches the decoder (section 3.2.2).
    """

    sample_rate: PositiveInt = 16_000
    quantizer: FactorizedSizes = FactorizedSizes()
    prosody: Literal["embedding", "mel_transformer", "mel_wavenet"] = "embedding"
    timbre: Literal["embedding", "mel"] = "embedding"
    prosody_bins: PositiveInt = 20
    transformer: TransformerSizes = TransformerSizes()
    wavenet: WaveNetSizes = WaveNetSizes(hidden_channels=256, n_layers=8, kernel_size=5)
    style: StyleEncoderSizes = StyleEncoderSizes(hidden_channels=512)
    mel: SpectrogramConfig = AUTHORS_MEL
    mel_mean: float = 0.0
    mel_scale: PositiveFloat = 1.0
    predictors: PredictorSizes = PredictorSizes()
    residual_kept: NonNegativeFloat = Field(0.25, le=1)

    @model_validator(mode="after")
    def _fits_together(self) -> FACodecConfig:
        if (self.mel.sample_rate, self.mel.hop_length) != (self.sample_rate, self.hop_length):
            raise ValueError(
                f"mel needs sample_rate {self.sample_rate} and hop_length {self.hop_length}, the product of "
                "strides"
            )
        if self.mel.framing == "centered":
            raise ValueError("mel.framing centered gives one frame more than the codec has")
        if self.prosody_bins > self.mel.n_mels:
            raise ValueError(f"prosody_bins can't be more than mel.n_mels, {self.mel.n_mels}")
        if self.dimension % 2 or self.dimension % self.transformer.n_heads:
            raise ValueError("dimension must be even and a multiple of transformer.n_heads")
        return self

    @property
    def frame_rate(self) -> float:
        """Frames of codes a second."""
        return self.sample_rate / self.hop_length

    @property
    def n_codebooks(self) -> int:
        """Of all attributes."""
        return sum(self.quantizer.books.values())


class FACodecOutput(NamedTuple):
    """What a training pass makes.

    Attributes:
        wav: (B, 1, T), decoded.
        factors: attributes and timbre; gradients of heads reach the quantisers through these.
        codes: (B, Q, N).
        commitment, codebook: losses of the quantisers, summed over their books.
        said: what the heads say of the factors.
    """

    wav: Tensor
    factors: Factors
    codes: Tensor
    commitment: Tensor
    codebook: Tensor
    said: Mapping[HeadName, Tensor]


class FACodec(nn.Module):
    """Encoder, quantisers, timbre encoder, decoder, and the heads that keep attributes apart.

    Args:
        config: sizes.
    """

    def __init__(self, config: FACodecConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.dimension
        self.encoder = Encoder(config)
        self.quantizers = nn.ModuleDict(
            {
                name: FactorizedQuantizer(channels, books, config.quantizer)
                for name, books in config.quantizer.books.items()
            }
        )
        if config.prosody == "mel_transformer":
            self.prosody_encoder: nn.Module = ProsodyTransformer(
                config.prosody_bins, channels, config.transformer
            )
        elif config.prosody == "mel_wavenet":
            self.prosody_encoder = ProsodyWaveNet(config.prosody_bins, channels, config.wavenet)
        if config.timbre == "mel":
            self.timbre_encoder: nn.Module = StyleEncoder(
                config.style, mel_channels=config.mel.n_mels, style_channels=channels
            )
        else:
            self.timbre_encoder = Transformer(channels, config.transformer)
        self.decoder = TimbreDecoder(config)
        self.predictors = AttributePredictors(channels, config.predictors)

    def mel(self, wav: Tensor) -> Tensor:
        """Normalised log-mel: (B, 1, T) → (B, M, N)."""
        return (log_mel(wav.squeeze(1), self.config.mel) - self.config.mel_mean) / self.config.mel_scale

    def embed(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """A waveform (B, 1, T) to what content and what prosody are quantised from, (B, D, N) each."""
        embedding = self.encoder(wav)
        if self.config.prosody == "embedding":
            return embedding, embedding
        prosody = self.prosody_encoder(self.mel(wav)[:, : self.config.prosody_bins])
        frames = min(embedding.shape[2], prosody.shape[2])
        return embedding[..., :frames], prosody[..., :frames]

    def quantize(
        self, embedding: Tensor, prosody: Tensor, used: Mapping[Attribute, Tensor] | None = None
    ) -> dict[Attribute, Quantized]:
        """Embeddings (B, D, N) to attributes; the residual is of what the first two leave.

        Args:
            embedding, prosody: as `embed` gives them.
            used: books that count, see `FactorizedQuantizer`.
        """
        used = used or {}
        found: dict[Attribute, Quantized] = {
            "prosody": self.quantizers["prosody"](prosody, used.get("prosody")),
            "content": self.quantizers["content"](embedding, used.get("content")),
        }
        known = found["prosody"].embeddings + found["content"].embeddings
        found["residual"] = self.quantizers["residual"](embedding - known.detach(), used.get("residual"))
        return found

    def timbre(self, embedding: Tensor, wav: Tensor, lengths: Tensor) -> Tensor:
        """The vector (B, D) of a voice.

        Args:
            embedding: (B, D, N), as `embed` gives it; read where timbre is taken from it.
            wav: (B, 1, T), whole clips; read where timbre is taken from their spectrograms.
            lengths: (B,), samples of them.
        """
        if self.config.timbre == "embedding":
            return self.timbre_encoder(embedding).mean(dim=2)
        mel = self.mel(wav)
        mask = sequence_mask(lengths // self.config.hop_length, mel.shape[2]).to(mel.dtype)
        return self.timbre_encoder(mel, mask).squeeze(2)

    def forward(self, wav: Tensor, whole: Tensor, lengths: Tensor) -> FACodecOutput:
        """Code and decode segments, as in training.

        Reconstruction does not train the books of prosody and content, which only their heads do, nor the
        encoder through them (the published code).

        Args:
            wav: (B, 1, T), segments of whole hops.
            whole: (B, 1, T'), the clips that they are of.
            lengths: (B,), samples of these.
        """
        embedding, prosody = self.embed(wav)
        found = self.quantize(embedding, prosody)
        timbre = self.timbre(embedding, whole, lengths)
        factors = Factors(
            prosody=found["prosody"].embeddings,
            content=found["content"].embeddings,
            residual=found["residual"].embeddings,
            timbre=timbre,
        )
        known = (factors.prosody + factors.content).detach()
        decoded = self.decoder(known + factors.residual * self._kept(wav), timbre)
        return FACodecOutput(
            decoded,
            factors,
            torch.cat([found[name].codes for name in ATTRIBUTES], 1),
            torch.stack([found[name].commitment for name in ATTRIBUTES]).sum(),
            torch.stack([found[name].codebook for name in ATTRIBUTES]).sum(),
            self.predictors(factors),
        )

    def _kept(self, wav: Tensor) -> Tensor:
        """(B, 1, 1): 1 for items whose residual reaches the decoder; all outside training."""
        if not self.training:
            return wav.new_ones(len(wav), 1, 1)
        return (torch.rand(len(wav), 1, 1, device=wav.device) < self.config.residual_kept).to(wav.dtype)

    @torch.no_grad()
    def encode(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """Waveforms of whole hops (B, 1, T) → codes (B, Q, N) and timbre (B, D)."""
        embedding, prosody = self.embed(wav)
        found = self.quantize(embedding, prosody)
        lengths = torch.full((len(wav),), wav.shape[-1], device=wav.device)
        codes = torch.cat([found[name].codes for name in ATTRIBUTES], 1)
        return codes, self.timbre(embedding, wav, lengths)

    def from_codes(self, codes: Tensor, attributes: Sequence[Attribute] = ATTRIBUTES) -> Tensor:
        """Sum of the entries of some attributes: codes (B, Q, N) of the first Q books → (B, D, N)."""
        parts = codes.split(own_books(codes.shape[1], self.config.quantizer), dim=1)
        chosen = [
            self.quantizers[name].decode(own)  # type: ignore[operator]
            for name, own in zip(ATTRIBUTES, parts, strict=False)
            if name in attributes and own.shape[1]
        ]
        return torch.stack(chosen).sum(0)

    @torch.no_grad()
    def decode(self, codes: Tensor, timbre: Tensor, attributes: Sequence[Attribute] = ATTRIBUTES) -> Tensor:
        """Codes (B, Q, N) of the first Q books and a timbre (B, D) → (B, 1, T).

        Args:
            codes: one attribute of `attributes` at least is among them.
            timbre: whose voice.
            attributes: those that count.
        """
        decoded: Tensor = self.decoder(self.from_codes(codes, attributes), timbre)
        return decoded


def own_books(count: int, sizes: FactorizedSizes) -> list[int]:
    """How many of the first `count` books belong to each attribute, which have no more than `count`."""
    owned = []
    for books in sizes.books.values():
        owned.append(min(books, count))
        count -= owned[-1]
    return owned


class TimbreDecoder(nn.Module):
    """A layer norm whose scale and shift the timbre sets, then the decoder (section 3.2.1).

    Args:
        sizes: see `AutoencoderSizes`.
    """

    def __init__(self, sizes: AutoencoderSizes) -> None:
        super().__init__()
        channels = sizes.dimension
        self.style = nn.Linear(channels, 2 * channels)
        with torch.no_grad():
            self.style.bias.copy_(torch.cat([torch.ones(channels), torch.zeros(channels)]))
        self.decoder = Decoder(sizes)

    def forward(self, x: Tensor, timbre: Tensor) -> Tensor:
        """Embeddings (B, D, N) and timbre (B, D) → (B, 1, T)."""
        decoded: Tensor = self.decoder(self.styled(x, timbre))
        return decoded

    def styled(self, x: Tensor, timbre: Tensor) -> Tensor:
        """(B, D, N) → (B, D, N)."""
        scale, shift = self.style(timbre).unsqueeze(2).chunk(2, dim=1)
        normed = F.layer_norm(x.transpose(1, 2), x.shape[1:2]).transpose(1, 2)
        styled: Tensor = normed * scale + shift
        return styled
