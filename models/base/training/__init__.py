"""Training: the loop, its tasks, run folders."""
