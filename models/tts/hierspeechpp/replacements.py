"""How HierSpeech++ runs: the hierarchy's rules, text-to-vec's float32 under autocast and its graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hiervox.models.tts._hierarchy.replacements import reversible
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import LogF0Predictor
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.modules.kernels.graphs import Bucketed
from hiervox.modules.kernels.rules import Pass, records, stays_outside_autocast

stays_outside_autocast(LogF0Predictor)  # bfloat16 tells semitones apart, not more


@records(TextToVec)
def _record_text_to_vec(network: Any, recorded: Callable[[Pass], Pass]) -> None:
    """All behind the durations; these, which are rounded to frames, are read as they are."""
    network.flow.forward = reversible(network.flow.forward, recorded)
    for part in (network.semantic_decoder, network.pitch_predictor):
        part.forward = Bucketed(recorded(part.forward), (1, 1, 0))
