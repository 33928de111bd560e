"""Corpora, feature stores and training batches, on lhotse's cuts."""

from hiervox.models.base.data.features import FeaturesConfig
from hiervox.models.base.data.loader import cut_loader

__all__ = ["FeaturesConfig", "cut_loader"]
