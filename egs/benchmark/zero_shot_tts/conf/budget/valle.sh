# VALL-E: the codec, its tokens of the training set, an aligner, and both decoders. They go on from a prompt and its text,
# and learn from two clips of a voice in a row.
parts=(autoregressive non_autoregressive codec=encodec)
codec=yes
controls=(prompt_text=PROMPT_TEXT stop_at_bound=true frames_per_token=6 top_p=0.5)
plan() {
  local codes=(--set "features.codes.model=$folder/runs/encodec")
  teach encodec 0.2 codec/encodec/budget/conf/encodec.json5 "$exp/set/cuts"
  extract recordings alignment/forward_sum_aligner/budget/conf/aligner.json5
  teach aligner 0.05 alignment/forward_sum_aligner/budget/conf/aligner.json5
  join 14
  align aligner
  extract codes tts/valle/budget/conf/decoder.json5 "${codes[@]}"
  teach autoregressive 0.8 tts/valle/budget/conf/autoregressive.json5 "" "${codes[@]}"
  teach non_autoregressive 1 tts/valle/budget/conf/non_autoregressive.json5 "" "${codes[@]}"
}
