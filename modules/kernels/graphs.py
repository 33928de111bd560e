"""A pass recorded once as a CUDA graph and played again: the processor starts one operation in place of all.

A graph belongs to the shapes that it was recorded with. A network that is used in windows
(`modules/functional/windows.py`, the streams of SpeechSR) has few of them, so that graphs serve recordings of
any length to the same values; passes of shapes that come once alone are not recorded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from hiervox.utils.logging import get_logger

MOST_GRAPHS = 8
"""Shapes of a network that are kept; each holds the memory of its pass, and the least used goes first."""
PASSES_BEFORE = 2
"""Passes of a shape before it is recorded: the first ones choose algorithms and compile kernels."""
TOLERANCE = 1e-3
"""Of the standard deviation, by which a played graph may differ from the pass that it was recorded from."""

Pass = Callable[..., Tensor]
_log = get_logger("graphs")


class Recording(Protocol):
    """A pass that can be played."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The pass on other values of the same shapes."""


class CudaRecording:
    """A pass as a CUDA graph.

    Args:
        run: the pass; has been run on such inputs before.
        inputs: on one GPU.
    """

    def __init__(self, run: Pass, inputs: Sequence[Tensor]) -> None:
        self._inputs = [tensor.clone() for tensor in inputs]
        self._graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize(inputs[0].device)
        with torch.cuda.device_of(inputs[0]), torch.cuda.graph(self._graph):
            self._output = run(*self._inputs)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Copy the inputs in, play, copy the output out."""
        for own, given in zip(self._inputs, inputs, strict=True):
            own.copy_(given)
        self._graph.replay()
        return self._output.clone()


class RecordedForward:
    """A network's `forward`, recorded by shape.

    Gradients, autocast and other things than tensors of one GPU go to the network as before. A recording that
    fails or disagrees ends recording for this network, with one line in the log.

    Args:
        forward: of the network.
        record: makes a recording of a pass.
        device: type of the tensors that are recorded.
    """

    def __init__(
        self,
        forward: Pass,
        record: Callable[[Pass, Sequence[Tensor]], Recording] = CudaRecording,
        device: str = "cuda",
    ) -> None:
        self._forward = forward
        self._record = record
        self._device = device
        self._recordings: OrderedDict[object, Recording] = OrderedDict()
        self._seen: OrderedDict[object, int] = OrderedDict()
        self._usable = True

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The network's pass."""
        if not self._usable or not self._can_record(inputs):
            return self._forward(*inputs)
        key = tuple((tensor.shape, tensor.dtype, tensor.device) for tensor in inputs)
        if key in self._recordings:
            self._recordings.move_to_end(key)
            return self._recordings[key](*inputs)
        seen = self._seen.pop(key, 0) + 1
        output = self._forward(*inputs)
        if seen <= PASSES_BEFORE:
            self._seen[key] = seen
            while len(self._seen) > 4 * MOST_GRAPHS:
                self._seen.popitem(last=False)
            return output
        self._keep(key, inputs, output)
        return output

    def _can_record(self, inputs: Sequence[object]) -> bool:
        return (
            len(inputs) > 0
            and all(isinstance(entry, Tensor) and entry.device.type == self._device for entry in inputs)
            and not torch.is_grad_enabled()
            and not torch.is_autocast_enabled(self._device)
        )

    def _keep(self, key: object, inputs: Sequence[Tensor], expected: Tensor) -> None:
        while len(self._recordings) >= MOST_GRAPHS:
            self._recordings.popitem(last=False)
        try:
            recording = self._record(self._forward, inputs)
            error = (recording(*inputs) - expected).abs().max() / expected.std().clamp_min(1e-12)
            if not bool(error <= TOLERANCE):
                raise RuntimeError(f"it differs by {float(error):.1e} of the standard deviation")
        except Exception as reason:  # drivers and operations fail in many ways
            self._usable = False
            self._recordings.clear()
            said = " ".join(str(reason).split())[:200]
            _log.warning(
                "passes are started one operation after another: no graph can be recorded (%s)", said
            )
            return
        self._recordings[key] = recording


def record_passes(network: nn.Module) -> nn.Module:
    """Let a network that is on a GPU, in eval mode, record its passes; done in place.

    What it draws at random, it would draw once alone: for networks without noise.
    """
    network.forward = RecordedForward(network.forward)
    return network
