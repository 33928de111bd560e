"""Patterns of the files that a model is on the Hub, to and from it."""

from __future__ import annotations

from hiervox.models.base.checkpoints.checkpoint import STATE_NAME

CARD_NAME = "README.md"
WANTED = ("*.safetensors", "*.json", "*.flac", "*.txt", CARD_NAME)
"""Nothing else of a repository is copied, and no pickle ever is."""
UNWANTED = (f"{STATE_NAME}/*", f"*/{STATE_NAME}/*")
"""What resuming a training alone needs."""
