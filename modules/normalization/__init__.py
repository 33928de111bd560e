"""Normalization layers and weight parametrizations."""
