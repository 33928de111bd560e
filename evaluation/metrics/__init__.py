"""One file a metric; `hiervox.evaluation.registry` finds them."""
