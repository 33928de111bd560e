"""Singing voice conversion: what its systems share."""
