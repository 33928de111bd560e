"""Tests of Matcha-TTS."""
