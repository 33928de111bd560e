"""Discriminators of waveforms."""
