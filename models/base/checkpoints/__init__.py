"""Checkpoints: writing, reading, importing published weights."""
