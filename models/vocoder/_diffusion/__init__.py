"""Diffusion vocoders: what their systems share."""
