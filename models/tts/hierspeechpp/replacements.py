"""What is put in for HierSpeech++'s networks on a CPU, and what computes in float32 under autocast."""

from __future__ import annotations

from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourPredictor
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import PitchPredictor
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.kernels.rules import Setting, replaces, stays_outside_autocast
from hiervox.modules.kernels.shifted_activation import shift_activations

stays_outside_autocast(PitchPredictor, ContourPredictor)  # bfloat16 tells semitones apart, not more


@replaces(HierarchicalSynthesizer)
def _without_compiler(network: HierarchicalSynthesizer, setting: Setting) -> None:
    """Beside a generator without alias-free activations, the few of the source network need no compiler."""
    on_cpu = network.source.pitch.weight.device.type == "cpu"
    needs_compiler = any(
        isinstance(part, AliasFreeActivation) for part in network.get_submodule("generator").modules()
    )
    if on_cpu and not setting.trains and not needs_compiler:
        shift_activations(network.source)
