"""Diffusion processes and the networks that predict their noise."""
