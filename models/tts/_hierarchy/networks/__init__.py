"""The networks of the hierarchical synthesizer."""
