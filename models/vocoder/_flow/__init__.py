"""Flow vocoders: what their systems share."""
