# FastSpeech 2 with an encoder of references, through Griffin-Lim; its stages train the aligner, too.
mini_stages="1 8"
parts=(fastspeech2)
