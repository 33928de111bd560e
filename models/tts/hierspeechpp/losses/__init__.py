"""Losses that only HierSpeech++ has."""
