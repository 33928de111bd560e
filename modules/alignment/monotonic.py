"""Hard monotonic alignments between tokens and frames (Glow-TTS, arXiv 2005.11129, section 3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

# A device may have a search of its own (torch's dispatcher chooses it); `best_tokens` is that of all others.
_operators = torch.library.Library("hiervox", "FRAGMENT")
_operators.define("best_tokens(Tensor scores, Tensor frame_lengths, Tensor token_lengths) -> Tensor")


def gaussian_log_likelihood(z: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """The log-density of every frame under every token's diagonal Gaussian.

    Args:
        z: (B, C, T) frames.
        mean, log_std: (B, C, L) of the tokens.

    Returns:
        (B, T, L), float32.
    """
    with torch.autocast(z.device.type, enabled=False):  # half precision can't tell near tokens apart
        z, mean, log_std = z.float(), mean.float(), log_std.float()
        precision = torch.exp(-2 * log_std)
        # -(z - mean)² precision / 2, multiplied out so that no (B, C, T, L) tensor is made.
        quadratic = torch.matmul(-0.5 * z.square().transpose(1, 2), precision)
        cross = torch.matmul(z.transpose(1, 2), mean * precision)
        constant = (-0.5 * math.log(2 * math.pi) - log_std - 0.5 * mean.square() * precision).sum(
            1, keepdim=True
        )
        return quadratic + cross + constant.sum(1, keepdim=True)


@torch.no_grad()
def maximum_path(log_likelihood: Tensor, mask: Tensor) -> Tensor:
    """The monotonic alignment of greatest total log-likelihood.

    The alignment starts at the first token, ends at the last, and stays or moves on by one token from each
    frame to the next, so every token gets at least one frame.

    Args:
        log_likelihood: (B, T, L).
        mask: (B, T, L), 1 where both the frame and the token are real.

    Returns:
        (B, T, L) of 0 and 1 in the dtype of `mask`; 0 on padding.

    Raises:
        ValueError: an item has fewer frames than tokens, or the shapes differ.
    """
    if log_likelihood.shape != mask.shape:
        raise ValueError(f"scores {tuple(log_likelihood.shape)} and mask {tuple(mask.shape)} differ in shape")
    frame_lengths = mask[:, :, 0].sum(1).long()
    token_lengths = mask[:, 0, :].sum(1).long()
    if (frame_lengths < token_lengths).any():
        raise ValueError("an item has fewer frames than tokens, so no monotonic alignment covers its tokens")
    # An item without frames gets one, which its mask takes away; no search may leave its tensors.
    frame_lengths, token_lengths = (
        lengths.clamp(1, size)
        for lengths, size in zip((frame_lengths, token_lengths), mask.shape[1:], strict=True)
    )
    search = torch.ops.hiervox.best_tokens
    aligned = search(log_likelihood.float(), frame_lengths, token_lengths).unsqueeze(2)
    return torch.zeros_like(mask).scatter_(2, aligned, mask.gather(2, aligned))


def best_tokens(scores: Tensor, frame_lengths: Tensor, token_lengths: Tensor) -> Tensor:
    """The token of each frame on the best paths, step by step.

    Args:
        scores: (B, T, L) float32.
        frame_lengths, token_lengths: (B,), at least 1.

    Returns:
        (B, T) int64; behind an item's end its last token.
    """
    n_items, n_frames, n_tokens = scores.shape
    scores = scores.transpose(0, 1).contiguous()
    # best[:, l + 1] is the score of the best partial path that ends at token l; column 0 stays unreachable.
    best = scores.new_full((n_items, n_tokens + 1), -math.inf)
    best[:, 1] = scores[0, :, 0]
    stay, step = best[:, 1:], best[:, :-1]
    stepped = torch.zeros(scores.shape, dtype=torch.bool, device=scores.device)
    for frame in range(1, n_frames):
        torch.gt(step, stay, out=stepped[frame])
        stay.copy_(torch.maximum(step, stay).add_(scores[frame]))

    tokens = token_lengths.unsqueeze(1) - 1
    aligned = tokens.new_zeros((n_frames, n_items, 1))
    for frame in range(n_frames - 1, -1, -1):
        aligned[frame] = tokens
        within = (frame_lengths > frame).unsqueeze(1)
        tokens = tokens - (stepped[frame].gather(1, tokens) & within).long()
    return aligned.squeeze(2).T


_operators.impl("best_tokens", best_tokens, "CompositeExplicitAutograd")


def generate_path(durations: Tensor, mask: Tensor) -> Tensor:
    """The alignment in which token after token lasts its duration.

    Args:
        durations: (B, L) frames, 0 on padding; of fractions the cumulated sum decides.
        mask: (B, T, L), 1 where both the frame and the token are real.

    Returns:
        (B, T, L) of 0 and 1 in the dtype of `mask`.
    """
    ends = torch.cumsum(durations, dim=1).unsqueeze(1)
    starts = functional.pad(ends[..., :-1], (1, 0))
    frames = torch.arange(mask.size(1), device=mask.device).unsqueeze(1)
    return ((frames >= starts) & (frames < ends)).to(mask.dtype) * mask
