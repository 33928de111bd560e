"""A pass recorded once as a CUDA graph and played again: the processor starts one operation in place of all.

A graph belongs to the shapes that it was recorded with. A network that is used in windows
(`modules/functional/windows.py`, the streams of SpeechSR) has few of them, so that graphs serve recordings of
any length to the same values. What sees a whole sequence and follows a mask is padded to one of few lengths
(`Bucketed`). Passes of shapes that come once alone are not recorded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.kernels.rules import recorder_for
from hiervox.utils.logging import get_logger

MOST_GRAPHS = 8
"""Shapes of a network that are kept; each holds the memory of its pass, and the least used goes first."""
PASSES_BEFORE = 2
"""Passes of a shape before it is recorded: the first ones choose algorithms and compile kernels."""
BUCKET = 64
"""Frames, to a multiple of which sequences are padded: 1.3 s at 50 frames/s, so that 8 graphs serve 10 s."""
TOLERANCE = 1e-3
"""Of the standard deviation, by which a played graph may differ from the pass that it was recorded from."""

Output = Tensor | tuple[Tensor, ...]
Pass = Callable[..., Output]
Input = Tensor | None
_log = get_logger("graphs")


class Recording(Protocol):
    """A pass that can be played."""

    def __call__(self, *inputs: Input) -> Output:
        """The pass on other values of the same shapes."""


class CudaRecording:
    """A pass as a CUDA graph.

    Args:
        run: the pass; has been run on such inputs before.
        inputs: on one GPU.
    """

    def __init__(self, run: Pass, inputs: Sequence[Input]) -> None:
        self._inputs = [None if entry is None else entry.clone() for entry in inputs]
        self._graph = torch.cuda.CUDAGraph()
        first = next(entry for entry in inputs if entry is not None)
        low = torch.get_autocast_dtype("cuda"), torch.is_autocast_enabled("cuda")
        torch.cuda.synchronize(first.device)
        # weights that autocast keeps cast are gone behind it, and the graph would read where they were
        precision = torch.autocast("cuda", low[0], enabled=low[1], cache_enabled=False)
        with torch.cuda.device_of(first), precision, torch.cuda.graph(self._graph):
            self._output = run(*self._inputs)

    def __call__(self, *inputs: Input) -> Output:
        """Copy the inputs in, play, copy the output out."""
        for own, given in zip(self._inputs, inputs, strict=True):
            if own is not None and given is not None:
                own.copy_(given)
        self._graph.replay()
        if isinstance(self._output, Tensor):
            return self._output.clone()
        return tuple(entry.clone() for entry in self._output)


Record = Callable[[Pass, Sequence[Input]], Recording]


class RecordedForward:
    """A network's `forward`, or another pass of it, recorded by shape.

    Gradients and other things than tensors of one GPU go to the network as before. A recording that
    fails or disagrees ends recording for this network, with one line in the log.

    Args:
        forward: of the network, positional tensors, or None, to tensors.
        record: makes a recording of a pass.
        device: type of the tensors that are recorded.
    """

    def __init__(
        self,
        forward: Pass,
        record: Record = CudaRecording,
        device: str = "cuda",
    ) -> None:
        self._forward = forward
        self._record = record
        self._device = device
        self._recordings: OrderedDict[object, Recording] = OrderedDict()
        self._seen: OrderedDict[object, int] = OrderedDict()
        self._usable = True

    def __call__(self, *inputs: Input) -> Output:
        """The network's pass."""
        if not self._usable or not self._can_record(inputs):
            return self._forward(*inputs)
        key = (
            torch.get_autocast_dtype(self._device) if torch.is_autocast_enabled(self._device) else None,
            *(entry if entry is None else (entry.shape, entry.dtype, entry.device) for entry in inputs),
        )
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
        given = [entry for entry in inputs if entry is not None]
        return (
            len(given) > 0
            and all(isinstance(entry, Tensor) and entry.device.type == self._device for entry in given)
            and not torch.is_grad_enabled()
        )

    def _keep(self, key: object, inputs: Sequence[Input], expected: Output) -> None:
        while len(self._recordings) >= MOST_GRAPHS:
            self._recordings.popitem(last=False)
        try:
            recording = self._record(self._forward, inputs)
            for played, right in zip(_tensors(recording(*inputs)), _tensors(expected), strict=True):
                error = (played - right).abs().max() / right.std().clamp_min(1e-12)
                if not bool(error <= max(TOLERANCE, 4 * torch.finfo(right.dtype).eps)):
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


def _tensors(output: Output) -> tuple[Tensor, ...]:
    return (output,) if isinstance(output, Tensor) else output


class Bucketed:
    """A pass over masked sequences, which are padded to the next multiple of some length.

    Such a pass gives real values what they get without padding, within rounding.

    Args:
        run: the pass, the mask (B, 1, N) among its inputs.
        rates: of its inputs, values to one of the mask along the last axis; 0 for one that is no sequence.
        multiple: of N.
    """

    def __init__(self, run: Pass, rates: Sequence[int], multiple: int = BUCKET) -> None:
        self._run = run
        self._rates = rates
        self._multiple = multiple

    def __call__(self, *inputs: Input) -> Output:
        """The pass; outputs (B, C, r * N), r whole."""
        length = next(
            entry.shape[-1] // rate
            for entry, rate in zip(inputs, self._rates, strict=True)
            if entry is not None and rate
        )
        missing = -length % self._multiple
        padded = [
            functional.pad(entry, (0, rate * missing)) if entry is not None and rate and missing else entry
            for entry, rate in zip(inputs, self._rates, strict=True)
        ]
        output = self._run(*padded)
        if isinstance(output, Tensor):
            return _cropped(output, length, length + missing)
        return tuple(_cropped(entry, length, length + missing) for entry in output)


def _cropped(output: Tensor, length: int, padded: int) -> Tensor:
    return output[..., : output.shape[-1] // padded * length]


def record_passes(network: nn.Module, record: Record = CudaRecording, device: str = "cuda") -> nn.Module:
    """Let a network that is on a GPU, in eval mode, record its passes; done in place.

    What it draws at random within a recorded pass, it would draw once alone: for passes without noise.

    Args:
        network: which passes of it are recorded says its rule (`rules.records`), or it is `forward`.
        record, device: see `RecordedForward`.
    """
    recorded = partial(RecordedForward, record=record, device=device)
    recorder = recorder_for(network)
    if recorder is None:
        network.forward = recorded(network.forward)
    else:
        recorder(network, recorded)
    return network
