"""Alias-free Snake activations as sums of shifted samples, without a compiler.

numba takes a second of the processor to be imported and to read a kernel, which pays for networks with many
activations, or wide ones. A few narrow ones are quicker as some forty of torch's operations on slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.kernels.fused_activation import RATIO, TAPS, SineActivation

MARGIN = 3
"""Samples on either side of one that each of the filters sees."""


class ShiftedActivation(nn.Module):
    """What an `AliasFreeActivation` of a `SineActivation` computes, for inference alone.

    Args:
        module: with filters of `TAPS` and a ratio of `RATIO`; its parameters are not kept.
    """

    alpha: Tensor
    magnitude: Tensor

    def __init__(self, module: AliasFreeActivation) -> None:
        super().__init__()
        self.replaced_parameters = sum(parameter.numel() for parameter in module.parameters())
        with torch.no_grad():
            alpha, magnitude = cast(SineActivation, module.activation).coefficients()
        self.register_buffer("alpha", alpha.float().contiguous(), persistent=False)
        self.register_buffer("magnitude", magnitude.float().contiguous(), persistent=False)
        taps: list[float] = module.filter.flatten().tolist()
        self._even, self._odd = taps[1::RATIO], taps[::RATIO]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T), the channels side by side."""
        samples = x.float().mT  # (B, T, C)
        first, last = samples[:, :1], samples[:, -1:]
        padded = torch.cat([first.expand(-1, MARGIN, -1), samples, last.expand(-1, MARGIN, -1)], dim=1)
        # The doubled signal, sample by sample: one value at the sample, one half a sample behind it.
        even, odd = torch.empty_like(padded), torch.empty_like(padded)
        inner = slice(MARGIN, MARGIN + samples.shape[1])
        self._activate(_filtered(padded[:, :-1], self._even[::-1], even[:, inner]).mul_(RATIO))
        self._activate(_filtered(padded[:, 1:], self._odd[::-1], odd[:, inner]).mul_(RATIO))
        begin, end = even[:, MARGIN : MARGIN + 1], odd[:, -MARGIN - 1 : -MARGIN]
        for phase in (even, odd):  # its first and last values are repeated
            phase[:, :MARGIN], phase[:, -MARGIN:] = begin, end
        y = _filtered(even[:, 1:], self._even, torch.empty_like(samples))
        return _filtered(odd[:, :-1], self._odd, y, adds=True).mT.to(x.dtype)

    def _activate(self, values: Tensor) -> None:
        """u + magnitude · sin²(αu), in place."""
        sine = (values * self.alpha).sin_()
        values.addcmul_(sine.square_(), self.magnitude)


def _filtered(padded: Tensor, taps: Sequence[float], out: Tensor, adds: bool = False) -> Tensor:
    """Σ_j taps[j] padded[t + j]: (B, T + taps - 1, C) → (B, T, C), written or added to `out`."""
    for j, tap in enumerate(taps):
        shifted = padded[:, j : j + out.shape[1]]
        if j or adds:
            out.add_(shifted, alpha=tap)
        else:
            torch.mul(shifted, tap, out=out)
    return out


def shift_activations(network: nn.Module) -> None:
    """Put a `ShiftedActivation` in the place of each alias-free one of the published sizes; done in place."""
    for name, part in list(network.named_children()):
        sizes = (part.ratio, part.kernel_size) if isinstance(part, AliasFreeActivation) else None
        if sizes == (RATIO, TAPS) and isinstance(part.activation, SineActivation):
            assert isinstance(part, AliasFreeActivation)
            setattr(network, name, ShiftedActivation(part))
        else:
            shift_activations(part)
