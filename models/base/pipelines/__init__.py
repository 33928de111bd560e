"""From what a user has to a waveform."""
