"""Conversion by diffusion from a predicted spectrogram: what its systems share."""
