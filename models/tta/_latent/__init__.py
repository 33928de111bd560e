"""Latent diffusion of spectrograms: what the systems of text to audio share."""
