"""Alignment of text and frames."""
