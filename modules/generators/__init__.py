"""Waveform generators."""
