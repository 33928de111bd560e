"""Tests of F5-TTS."""
