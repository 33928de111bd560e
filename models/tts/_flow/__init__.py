"""Text to frames by a flow: what Glow-TTS and Glow-WaveGAN share."""
