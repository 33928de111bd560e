# NaturalSpeech 2: the codec, an aligner, the codec's tokens of the training set, and the diffusion of its latents.
parts=(naturalspeech2 codec=encodec)
codec=yes
controls=(steps=20)
plan() {
  local codes=(--set "features.codes.model=$folder/runs/encodec")
  teach encodec 0.2 codec/encodec/budget/conf/encodec.json5 "$exp/set/cuts"
  extract recordings alignment/forward_sum_aligner/budget/conf/aligner.json5
  teach aligner 0.05 alignment/forward_sum_aligner/budget/conf/aligner.json5
  align aligner
  extract codes tts/naturalspeech2/budget/conf/naturalspeech2.json5 "${codes[@]}"
  teach naturalspeech2 1 tts/naturalspeech2/budget/conf/naturalspeech2.json5 "" "${codes[@]}"
}
