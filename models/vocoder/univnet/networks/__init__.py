"""Networks of UnivNet."""
