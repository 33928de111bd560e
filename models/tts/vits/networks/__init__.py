"""Networks of VITS."""
