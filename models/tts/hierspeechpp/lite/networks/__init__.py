"""Networks of the options of Lite."""
