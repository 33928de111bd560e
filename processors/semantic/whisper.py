"""Semantic features of a Whisper encoder, of the Hub or of an offline CTranslate2 package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hiervox.processors.audio import HOP_LENGTH, SAMPLE_RATE
from hiervox.processors.mel import mel_filters
from hiervox.processors.semantic.config import OFFLINE_WHISPER, WEIGHTS_NAME, SemanticConfig
from hiervox.processors.semantic.ctranslate2_file import read_ctranslate2
from hiervox.processors.semantic.extractor import SemanticExtractor
from hiervox.processors.semantic.hub import load_pretrained
from hiervox.processors.semantic.offline import PACKAGES, offline_weights
from hiervox.processors.semantic.whisper_encoder import WhisperEncoder
from hiervox.utils.errors import CheckpointError, ConfigError

WINDOW_FRAMES = 1500
"""30 s: what Whisper's position table holds."""
OVERLAP_FRAMES = 200
"""Frames that two windows of a longer recording share; each gives up the half next to its end."""
N_FFT, HOP = 400, 160
"""Of Whisper's spectrogram, in samples."""


class WhisperExtractor(SemanticExtractor):
    """One hidden state of a Whisper encoder at 50 Hz; the last one comes with the final layer norm.

    Frame n is centred on sample 320 n, as a centred spectrogram's. Recordings over 30 s are taken in
    overlapping windows. Whisper clips its log-mel spectrogram at 80 dB under the loudest bin of the window,
    and does not level it: the level reaches the features.

    Args:
        config: which network and layer, and whether windows are filled up to 30 s.
        device: where to run.

    Raises:
        DependencyError: the weights are not there.
        CheckpointError: a broken CTranslate2 file.
        ConfigError: the network has no such layer.
    """

    def __init__(self, config: SemanticConfig, device: torch.device) -> None:
        encoder = load_encoder(config.name)
        count = len(encoder.layers)
        if config.layer > count:
            raise ConfigError(f"layer {config.layer} of an encoder of {count}", f"choose one of 0 to {count}")
        if config.layer < count:
            encoder.layers = encoder.layers[: config.layer]
            encoder.layer_norm = nn.Identity()
        self._encoder = encoder.requires_grad_(False).to(device)
        super().__init__(config, encoder.width, device)

    def _extract(self, wav: Tensor) -> Tensor:
        chunks = []
        for window in windows(wav.shape[1] // HOP_LENGTH):
            samples = wav[:, window.start * HOP_LENGTH : window.stop * HOP_LENGTH]
            hidden = self._encode(samples)
            chunks.append(hidden[:, window.keep_from - window.start : window.keep_to - window.start])
        return torch.cat(chunks, dim=1).transpose(1, 2)

    def _encode(self, wav: Tensor) -> Tensor:
        """(B, T) of at most 30 s to (B, N, C); N counts the filling too."""
        if self.config.pad_to_30_seconds:
            wav = nn.functional.pad(wav, (0, WINDOW_FRAMES * HOP_LENGTH - wav.shape[1]))
        hidden: Tensor = self._encoder(whisper_log_mel(wav, self._encoder.n_mels))
        return hidden


def whisper_log_mel(wav: Tensor, n_mels: int = 80) -> Tensor:
    """What Whisper's encoder reads, with gradients; as transformers' `WhisperFeatureExtractor`.

    Args:
        wav: (B, T) at 16 kHz in [-1, 1].
        n_mels: 80, or 128 for large-v3.

    Returns:
        (B, n_mels, T / 160) float32, about [-1, 1].
    """
    window, filters = (table.to(wav.device) for table in _log_mel_tables(n_mels))
    with torch.autocast(wav.device.type, enabled=False):
        spectrum = torch.stft(wav.float(), N_FFT, HOP, window=window, return_complex=True)[..., :-1]
        power = (filters @ spectrum.abs().square()).clamp_min(1e-10).log10()
        loudest = power.amax(dim=(1, 2), keepdim=True).detach()
        levelled: Tensor = (torch.maximum(power, loudest - 8) + 4) / 4
    return levelled


@lru_cache
@torch.inference_mode(False)  # what is kept serves passes with gradients, too
def _log_mel_tables(n_mels: int) -> tuple[Tensor, Tensor]:
    """The window (400,) and the filters (n_mels, 201)."""
    filters = mel_filters(SAMPLE_RATE, N_FFT, n_mels, scale="slaney", area=True)
    return torch.hann_window(N_FFT), torch.from_numpy(filters)


class Window(NamedTuple):
    """Frames `start` to `stop` are encoded; `keep_from` to `keep_to` of them are kept."""

    start: int
    stop: int
    keep_from: int
    keep_to: int


def windows(frames: int) -> Iterator[Window]:
    """Cut a recording into windows of at most 1500 frames; the kept parts follow each other without a gap."""
    start = kept = 0
    while start + WINDOW_FRAMES < frames:
        stop = start + WINDOW_FRAMES
        keep_to = stop - OVERLAP_FRAMES // 2
        yield Window(start, stop, kept, keep_to)
        start, kept = stop - OVERLAP_FRAMES, keep_to
    yield Window(start, frames, kept, frames)


def load_encoder(name: str) -> WhisperEncoder:
    """The encoder, in eval mode and float32, of one of `PACKAGES`, a CTranslate2 or transformers folder, or
    a Hub id. Transformers is imported for the last two alone.

    Raises:
        DependencyError: the weights are not there.
        CheckpointError: a broken CTranslate2 file.
    """
    if name in PACKAGES:
        return encoder_from_ctranslate2(*offline_weights(name))
    if (file := Path(name) / WEIGHTS_NAME).is_file():
        return encoder_from_ctranslate2(file)
    from transformers import WhisperModel

    instead = f"name a local folder, or use {OFFLINE_WHISPER}"
    encoder = load_pretrained(WhisperModel, name, instead).encoder
    return WhisperEncoder.of(encoder.state_dict(), encoder.config.encoder_attention_heads)


def encoder_from_ctranslate2(*files: Path) -> WhisperEncoder:
    """The encoder of a CTranslate2 Whisper, of one file or the parts that it was cut into.

    Raises:
        CheckpointError: a broken file, or one of another kind of model.
    """
    variables = read_ctranslate2(files, "encoder/")
    try:
        return WhisperEncoder.of(*_transformers_state(variables))
    except KeyError as error:
        raise CheckpointError(
            f"{files[0]} is no Whisper model, it lacks {error}", "name a Whisper model"
        ) from error


def _transformers_state(variables: dict[str, Tensor]) -> tuple[dict[str, Tensor], int]:
    """CTranslate2's encoder variables under transformers' names; the number of heads."""
    state = {"embed_positions.weight": variables["encoder/position_encodings/encodings"]}

    def linear(ours: str, theirs: str) -> None:
        state[f"{ours}.weight"] = variables[f"encoder/{theirs}/weight"]
        state[f"{ours}.bias"] = variables[f"encoder/{theirs}/bias"]

    def norm(ours: str, theirs: str) -> None:
        state[f"{ours}.weight"] = variables[f"encoder/{theirs}/gamma"]
        state[f"{ours}.bias"] = variables[f"encoder/{theirs}/beta"]

    linear("conv1", "conv1")
    linear("conv2", "conv2")
    norm("layer_norm", "layer_norm")
    n_layers = 0
    while f"encoder/layer_{n_layers}/ffn/layer_norm/gamma" in variables:
        ours, theirs = f"layers.{n_layers}", f"layer_{n_layers}"
        norm(f"{ours}.self_attn_layer_norm", f"{theirs}/self_attention/layer_norm")
        norm(f"{ours}.final_layer_norm", f"{theirs}/ffn/layer_norm")
        linear(f"{ours}.fc1", f"{theirs}/ffn/linear_0")
        linear(f"{ours}.fc2", f"{theirs}/ffn/linear_1")
        linear(f"{ours}.self_attn.out_proj", f"{theirs}/self_attention/linear_1")
        weights = variables[f"encoder/{theirs}/self_attention/linear_0/weight"].chunk(3)
        biases = variables[f"encoder/{theirs}/self_attention/linear_0/bias"].chunk(3)
        for projection, weight, bias in zip(("q_proj", "k_proj", "v_proj"), weights, biases, strict=True):
            state[f"{ours}.self_attn.{projection}.weight"] = weight
            if projection != "k_proj":  # Whisper's keys have no bias; CTranslate2 stores zeros there
                state[f"{ours}.self_attn.{projection}.bias"] = bias
        n_layers += 1
    return state, int(variables["encoder/num_heads"])
