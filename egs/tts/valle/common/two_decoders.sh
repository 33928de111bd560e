# Stages of the recipes of VALL-E, whose decoders write an EnCodec's tokens; sourced after the file of the corpus. A
# run.sh gives a function `find_codec` that leaves its folder in `codec`.

codec=
extra+=(codec)
decoders=(
  "features codec tokens and phonemes"
  "autoregressive train it"
  "non_autoregressive train it"
)

stage_features() {
  find_codec
  run hiervox extract --cuts "$cuts" --out "$exp/features" --config "$conf/autoregressive.json5" \
    --set "features.codes.model=$codec" --device "$device"
}

train_decoder() {
  find_codec
  train "$1" "$conf/$1.json5" "$exp/features" --set "features.codes.model=$codec"
}

stage_autoregressive() { train_decoder autoregressive; }

stage_non_autoregressive() { train_decoder non_autoregressive; }

# speak_bundle [OPTION...]
speak_bundle() {
  find_codec
  script assemble_bundle --runs "$exp/runs" --parts autoregressive non_autoregressive "codec=$codec" \
    --out "$exp/bundle"
  speak "$exp/bundle" --control prompt_text=PROMPT_TEXT "$@"
}
