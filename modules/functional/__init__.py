"""Functions of tensors that many modules share."""
