"""Networks of WaveGrad 2."""
