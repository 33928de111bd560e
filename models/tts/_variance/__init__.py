"""Text to frames by predicted durations, pitch and energy: what FastSpeech 2 and JETS share."""
