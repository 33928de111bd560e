"""The inputs that golden files of singing voice conversion share."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.modules.functional.masking import sequence_mask
from tests.golden import Golden

CONTENTS = ("whisper_feat", "contentvec_feat")


def song_of(golden: Golden, contents: tuple[str, ...] = CONTENTS) -> Song:
    """The golden file's features of two clips."""
    content = torch.cat([golden[name] for name in contents], dim=2).mT
    f0 = golden["frame_pitch"]
    mask = sequence_mask(golden["target_len"], f0.shape[1])
    if "mask" in golden:
        assert torch.equal(mask.mT, golden["mask"])
    return Song(content, f0, golden["frame_energy"], mask)


def condition_of(golden: Golden, network: SingingNetwork) -> Tensor:
    """The condition (B, C, N); the golden file's flags say of some frames with F0 that they are unvoiced."""
    song, flag = song_of(golden), network.condition_encoder.unvoiced
    changed: Tensor = flag(golden["frame_uv"].long()) - flag((song.f0 <= 0).long())
    return network.condition(song, style_of(golden, network)) + changed.mT


def style_of(golden: Golden, network: SingingNetwork) -> Tensor:
    """(B, S, 1) of the golden file's singers."""
    return network.table_style(golden["spk_id"].squeeze(1))


def under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The condition encoder's weights, and those under `1.PREFIX.` as published alone."""
    kept = {name: tensor for name, tensor in weights.items() if name.startswith("0.")}
    start = f"1.{prefix}."
    own = {f"1.{name[len(start) :]}": tensor for name, tensor in weights.items() if name.startswith(start)}
    return {**kept, **own}
