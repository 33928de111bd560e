"""Golden outputs of Kokoro: text, prosody, source, decoder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.tts.kokoro.config import KokoroConfig
from hiervox.models.tts.kokoro.networks.kokoro import Kokoro
from hiervox.models.tts.kokoro.published import import_kokoro
from tests.golden import Case, Golden, Output, with_weights

GENERATOR: dict[str, Any] = {"upsample_kernel_sizes": [20, 12], "upsample_rates": [10, 6]}
GENERATOR |= {"gen_istft_hop_size": 5, "gen_istft_n_fft": 20, "upsample_initial_channel": 512}
GENERATOR |= {"resblock_dilation_sizes": [[1, 3, 5]] * 3, "resblock_kernel_sizes": [3, 7, 11]}
PUBLISHED: dict[str, Any] = {"n_token": 178, "hidden_dim": 512, "style_dim": 128, "n_layer": 2, "max_dur": 7}
PUBLISHED |= {"istftnet": GENERATOR, "vocab": {"a": 1}}
PUBLISHED["plbert"] = {"hidden_size": 48, "num_attention_heads": 3, "num_hidden_layers": 3}
PUBLISHED["plbert"] |= {"intermediate_size": 80, "max_position_embeddings": 64, "embedding_size": 32}


def _network(golden: Golden) -> Kokoro:
    sections, weights = import_kokoro(golden.state_dict(), PUBLISHED)
    config = sections["model"]
    assert isinstance(config, KokoroConfig)
    network: Kokoro = with_weights(Kokoro(config), weights)
    return network


def _alone(golden: Golden, read: Any) -> Tensor:
    """The batch's items one by one, (1, C, L_i) each, with zeros behind them: (B, C, L)."""
    style = golden["style"]
    flipped = torch.cat([style[:, :128], style[:, 128:].flip(1)], dim=1)
    lengths = golden["batch_lengths"].tolist()
    rows = [
        read(golden["batch_tokens"][[item], :length], (style, flipped)[item])
        for item, length in enumerate(lengths)
    ]
    return torch.cat([functional.pad(row, (0, max(lengths) - row.shape[2])) for row in rows])


@torch.no_grad()
def kokoro(golden: Golden) -> Iterator[Output]:
    """A text, two speeds, the decoder alone."""
    network = _network(golden)
    tokens, style = golden["tokens"], golden["style"]
    yield "bert", network.bert(input_ids=tokens).last_hidden_state
    encoded = network.encode_prosody(tokens, style)
    yield "prosody_text", encoded
    yield "duration", network.prosody.durations(encoded)
    yield "text", network.text_encoder(tokens)
    for end, rate in (("", 1.0), ("_fast", 1.6)):
        frames = network.frames(tokens, style, rate)
        yield f"durations{end}", frames.durations[0]
        yield f"f0{end}", frames.f0
        yield f"energy{end}", frames.energy
    frames, decoder = network.frames(tokens, style), network.decoder
    hidden = decoder.hidden(frames.text, frames.f0, frames.energy, style[:, :128])
    yield "decoded", hidden[:, ::8]
    given = torch.cat([golden["source_magnitude"], golden["source_phase"]], dim=1)
    yield "audio", decoder.generator(hidden, style[:, :128], given)[0]
    yield "batch_text", _alone(golden, lambda own, _: network.text_encoder(own))
    yield "batch_prosody_text", _alone(golden, lambda own, s: network.encode_prosody(own, s).mT).mT
    yield from _decoder(golden, network)


def _decoder(golden: Golden, network: Kokoro) -> Iterator[Output]:
    generator, sound = network.decoder.generator, golden["style"][:, :128]
    f0, energy = golden["decoder_f0"], golden["decoder_energy"]
    source = generator.source(f0, golden["decoder_noise"])
    yield "decoder_source", source
    magnitude, phase = generator.spectrum(source).chunk(2, dim=1)
    yield "decoder_source_magnitude", magnitude
    golden_phase = golden["decoder_source_phase"]  # of what is next to 0 it is rounding, and ±π are one
    both = (torch.polar(magnitude, phase), torch.polar(golden["decoder_source_magnitude"], golden_phase))
    yield "decoder_source_phase, as complex numbers", *map(torch.view_as_real, both)
    hidden = network.decoder.hidden(golden["decoder_text"], f0, energy, sound)
    given = torch.cat([golden["decoder_source_magnitude"], golden_phase], dim=1)
    yield "decoder_audio", generator(hidden, sound, given)[None]
    for name in golden.names(r"\w+_without_complex\w*|stft_signal"):
        assert golden[name].isfinite().all()  # the export's STFT by convolutions, another sound, is not here


CASES: dict[str, Case] = {"kokoro": kokoro}
