"""Golden outputs of TransformerSVC."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.models.svc._singing.losses import dissimilarity, ssim_loss
from hiervox.models.svc.transformer_svc.network import TransformerSVC, TransformerSVCSizes
from hiervox.models.svc.transformer_svc.published import import_transformer_svc
from hiervox.modules.losses.reconstruction import masked_l1
from tests.golden import Case, Golden, Output, with_weights
from tests.models.svc.golden_songs import condition_of, song_of, under

CONFIG = {"model": {"transformer": {"n_layers": 3, "n_heads": 2, "dropout": 0.1}}}


def transformer_svc(golden: Golden) -> Iterator[Output]:
    """The condition, both kinds of network, their losses."""
    song, target = song_of(golden), golden["mel"].mT
    whole = torch.ones_like(song.mask)
    for kind in ("conformer", "transformer"):
        sections, weights = import_transformer_svc(under(golden.state_dict(), kind), CONFIG)
        sizes = sections["model"]
        assert isinstance(sizes, TransformerSVCSizes)
        own: TransformerSVC = with_weights(TransformerSVC(sizes), weights)
        condition = condition_of(golden, own)
        if kind == "conformer":
            yield "condition", condition.mT
        # the published plain transformer attends to padding, and neither masks its output
        mel = own.mapper(condition, whole if kind == "transformer" else song.mask)
        padded = song.mask if kind == "conformer" else whole
        yield f"mel_{kind}", mel.mT, golden[f"mel_{kind}"] * padded.mT
        mel = golden[f"mel_{kind}"].mT
        l1 = sizes.mel_channels * masked_l1(mel, target, song.mask)
        yield f"l1_{kind}", l1
        if kind == "conformer":
            yield "ssim_map", dissimilarity(mel, target).mT
        ssim = ssim_loss(mel, target, whole)  # published over padding, too
        yield f"ssim_{kind}", ssim
        yield f"loss_{kind}", l1 + ssim


CASES: dict[str, Case] = {"svc_transformer": transformer_svc}
