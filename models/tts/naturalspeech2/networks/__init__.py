"""What NaturalSpeech 2 is made of."""
