"""The networks of Matcha-TTS."""
