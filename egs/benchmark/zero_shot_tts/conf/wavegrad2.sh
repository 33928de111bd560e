# WaveGrad 2 with an encoder of references; its stages train the aligner, too.
mini_stages="1 6" libritts_stages="4 6"
parts=(wavegrad2)
[[ $corpus == mini ]] || options=(--data "$data")
controls=(steps=25)
