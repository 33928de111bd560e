"""Loss terms: pure functions, unweighted, named as in the papers."""
