"""Networks of MP-SENet alone."""
