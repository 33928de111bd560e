"""Losses that only EnCodec has."""
