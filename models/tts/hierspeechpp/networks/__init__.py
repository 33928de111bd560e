"""Networks of HierSpeech++ alone."""
