# Stages of the recipes of Glow-WaveGAN, whose two networks make one model; sourced after the file of the corpus.

about=(
  "${data_stages[@]}"
  "features waveforms, tokens and F0"
  "wavegan train the autoencoder of waveforms"
  "flow train the flow from text to its latent"
  "${speech_stages[@]}"
)

stage_features() { extract "$cuts" "$exp/features" wavegan flow; }

stage_wavegan() { train wavegan "$conf/wavegan.json5" "$exp/features"; }

stage_flow() { train flow "$conf/flow.json5" "$exp/features" --set "data.wavegan=$exp/runs/wavegan"; }

stage_speak() { speak "$exp/runs"; }
