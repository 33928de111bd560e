"""Training tasks of Glow-WaveGAN, one a part."""
