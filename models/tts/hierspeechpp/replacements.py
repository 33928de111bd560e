"""How HierSpeech++ runs: blocks for a CPU, float32 under autocast, passes that a GPU plays as graphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import LogF0Predictor
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.windowed import RECORDED
from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.kernels.graphs import Bucketed
from hiervox.modules.kernels.rules import Pass, Setting, records, replaces, stays_outside_autocast
from hiervox.modules.kernels.shifted_activation import shift_activations

stays_outside_autocast(LogF0Predictor)  # bfloat16 tells semitones apart, not more


@replaces(HierarchicalSynthesizer)
def _without_compiler(network: HierarchicalSynthesizer, setting: Setting) -> None:
    """Beside a generator without alias-free activations, the few of the source network need no compiler."""
    on_cpu = network.source.pitch.weight.device.type == "cpu"
    needs_compiler = any(
        isinstance(part, AliasFreeActivation) for part in network.get_submodule("generator").modules()
    )
    if on_cpu and not setting.trains and not needs_compiler:
        shift_activations(network.source)


@records(HierarchicalSynthesizer)
def _record_synthesizer(network: Any, recorded: Callable[[Pass], Pass]) -> None:
    """Prior and flows, which see all of an utterance and follow a mask, in buckets; the rest in windows."""
    prior, generator = network.agnostic_prior, network.generator
    prior.forward = Bucketed(recorded(prior.forward), (1, network.config.pitch_ratio, 1, 0))
    for flow in (network.agnostic_flow, network.related_flow):
        flow.forward = _reversible(flow.forward, recorded)
    network.window_sizes = RECORDED
    network.source.forward = recorded(network.source.forward)
    generator.backbone = recorded(generator.backbone)
    generator.waveform = recorded(generator.waveform)


@records(TextToVec)
def _record_text_to_vec(network: Any, recorded: Callable[[Pass], Pass]) -> None:
    """All behind the durations; these, which are rounded to frames, are read as they are."""
    network.flow.forward = _reversible(network.flow.forward, recorded)
    for part in (network.semantic_decoder, network.pitch_predictor):
        part.forward = Bucketed(recorded(part.forward), (1, 1, 0))


def _reversible(forward: Pass, recorded: Callable[[Pass], Pass]) -> Pass:
    """A flow whose way back, (z, mask, style), is recorded."""
    back = Bucketed(recorded(partial(forward, reverse=True)), (1, 1, 0))

    def both(z: Tensor, mask: Tensor, style: Tensor, reverse: bool = False) -> Any:
        return back(z, mask, style) if reverse else forward(z, mask, style)

    return both
