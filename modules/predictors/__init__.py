"""Duration and variance predictors."""
