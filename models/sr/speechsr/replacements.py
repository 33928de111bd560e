"""What is put in for layers of SpeechSR's network on a CPU."""

from __future__ import annotations

from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR
from hiervox.modules.kernels.channels_last import channels_last_convolution
from hiervox.modules.kernels.rules import Setting, replaces


@replaces(SpeechSR)
def _keep_layout(network: SpeechSR, setting: Setting) -> None:
    """Let the last convolution take the layout that the blocks give; done in place."""
    network.last_conv = channels_last_convolution(network.last_conv)
