"""Vector quantisers."""
