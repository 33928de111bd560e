"""Networks of EnCodec."""
