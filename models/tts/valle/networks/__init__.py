"""Networks of VALL-E."""
