"""Short-time Fourier transforms as layers."""
