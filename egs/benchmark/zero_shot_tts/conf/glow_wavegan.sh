# Glow-WaveGAN with an encoder of references.
mini_stages="1 6"
parts=(wavegan flow)
