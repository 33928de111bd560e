"""Autoregressive vocoders: what their systems share."""
