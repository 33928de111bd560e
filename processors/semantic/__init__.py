"""Semantic features: a waveform to vectors of what is said, 50 a second."""

from hiervox.processors.semantic.build import build_semantic_extractor
from hiervox.processors.semantic.config import XLS_R, SemanticConfig, require_same_features
from hiervox.processors.semantic.extractor import SemanticExtractor

__all__ = [
    "XLS_R",
    "SemanticConfig",
    "SemanticExtractor",
    "build_semantic_extractor",
    "require_same_features",
]
