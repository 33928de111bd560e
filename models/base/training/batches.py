"""Checks of what a loader gives, before a network sees it."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.base.data.batch import Batch
from hiervox.utils.errors import DataError


def require_finite(batch: Batch) -> None:
    """Refuse a batch with a NaN or an infinity in it, which would be taken for a training that diverges.

    Raises:
        DataError: naming the field and the utterance.
    """
    for name, values in batch.items():
        if not isinstance(values, Tensor) or not values.is_floating_point():
            continue
        if not torch.isfinite(values).all():
            raise DataError(f"`{name}` of {_culprit(batch, values)} is not finite", "extract it again")


def _culprit(batch: Batch, values: Tensor) -> str:
    ids = batch.get("ids")
    if not isinstance(ids, (list, tuple)) or len(ids) != len(values):
        return "a batch"
    finite = torch.isfinite(values.flatten(1)).all(dim=1)
    return ", ".join(repr(ids[index]) for index in torch.nonzero(~finite).flatten().tolist()[:3])
