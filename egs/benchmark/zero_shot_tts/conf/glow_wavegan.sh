# Glow-WaveGAN with an encoder of references.
mini_stages="1 4"
parts=(wavegan flow)
