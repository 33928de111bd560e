"""Golden outputs of VALL-E: teacher-forced logits and losses, greedy decoding in three prompt modes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.tts.valle.config import AutoregressiveConfig
from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder, SamplingConfig
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder
from hiervox.models.tts.valle.published import import_autoregressive, import_non_autoregressive
from hiervox.modules.functional.masking import sequence_mask
from tests.golden import Case, Golden, Output, with_weights


def _decoders(golden: Golden) -> tuple[AutoregressiveDecoder, NonAutoregressiveDecoder]:
    weights = golden.state_dict()
    ar_sections, ar_weights = import_autoregressive(weights, {})
    ar_config = ar_sections["model"]
    assert isinstance(ar_config, AutoregressiveConfig)
    nar_config, nar_weights = import_non_autoregressive(weights, {})
    return (
        with_weights(AutoregressiveDecoder(ar_config), ar_weights),
        with_weights(NonAutoregressiveDecoder(nar_config), nar_weights),
    )


def _teacher_forced(
    golden: Golden, ar: AutoregressiveDecoder, nar: NonAutoregressiveDecoder
) -> Iterator[Output]:
    text = golden["tokens"], golden["token_lengths"]
    codes, lengths = golden["codes"], golden["code_lengths"]
    mask = sequence_mask(lengths, codes.shape[1]).squeeze(1)
    logits = ar(*text, codes[..., 0], lengths).codes
    yield "ar_logits", logits * mask.unsqueeze(-1)
    padded = codes[..., 0].masked_fill(mask == 0, ar.end)
    targets = F.pad(padded[:, 1:], (0, 1), value=ar.end)
    losses = F.cross_entropy(logits.mT, targets, reduction="none")
    yield "ar_loss", losses.sum()[None]
    yield "ar_loss_unpadded", (losses * mask).sum()[None]
    frames = int(golden["prefix_length"])
    for stage in range(1, nar.config.n_codebooks):
        logits = nar(*text, codes, lengths, stage, frames)
        behind = mask[:, frames:]
        yield f"nar_logits_{stage}", logits * behind.unsqueeze(-1)
        losses = F.cross_entropy(logits.mT, codes[:, frames:, stage], reduction="none") * behind
        scale = mask.sum() / (mask.sum() - frames * len(codes))
        yield f"nar_loss_{stage}", (losses.sum() * scale)[None]


def _greedy(golden: Golden, ar: AutoregressiveDecoder, nar: NonAutoregressiveDecoder) -> Iterator[Output]:
    for kind in ("capped", "ending"):
        tokens, prompt = golden[f"{kind}_tokens"], golden[f"{kind}_prompt"]
        lengths = tokens.new_tensor([tokens.shape[1]]), tokens.new_tensor([prompt.shape[1]])
        sampling = SamplingConfig(top_k=1)
        (written,) = ar.write(tokens, lengths[0], prompt[..., 0], lengths[1], sampling)
        yield f"{kind}, by the end token", torch.tensor(written.ended), torch.tensor(kind == "ending")
        for mode, name in enumerate(("none", "beginning", "excerpt")):
            own = NonAutoregressiveDecoder(nar.config.model_copy(update={"prompt": name}))
            with_weights(own, nar.state_dict())
            text = _without(tokens, int(golden[f"{kind}_enrolled_length"])) if mode == 2 else tokens
            yield f"{kind}_codes_prefix_mode_{mode}", own.write(text, prompt, written.codes[None])


def _without(tokens: Tensor, enrolled: int) -> Tensor:
    """The text without the prompt's: of `enrolled` tokens with their marks, the first is kept."""
    return torch.cat([tokens[:, :1], tokens[:, enrolled - 1 :]], dim=1)


@torch.no_grad()
def valle(golden: Golden) -> Iterator[Output]:
    """Both decoders at reduced size."""
    ar, nar = _decoders(golden)
    yield from _teacher_forced(golden, ar, nar)
    yield from _greedy(golden, ar, nar)


CASES: dict[str, Case] = {"valle": valle}
