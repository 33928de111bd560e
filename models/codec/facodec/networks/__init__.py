"""What FACodec is made of."""
