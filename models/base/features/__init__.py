"""The fields of a batch, one file each; a package outside the tree adds its own (docs/guides/data.md)."""

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.feature import Feature, FeatureStore

__all__ = ["Clip", "Feature", "FeatureStore"]
