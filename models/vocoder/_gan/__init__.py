"""GAN vocoders: what their systems share."""
