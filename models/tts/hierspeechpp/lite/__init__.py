"""What the shipped voice has beside the published HierSpeech++."""
