"""Corpora, feature stores and training batches, on lhotse's cuts."""
