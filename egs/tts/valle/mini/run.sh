#!/usr/bin/env bash
# VALL-E in small: from a table of recordings to a codec, both decoders, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
codec=
extra=(codec)
extra_about=("--codec DIR     an EnCodec checkpoint (default: egs/codec/encodec/mini trains one)")
about=(
  "data                the table becomes a cut manifest"
  "codec               train it, unless one is given"
  "features            codec tokens and phonemes"
  "autoregressive      train it"
  "non_autoregressive  train it"
  "speak               bundle the networks, synthesize the test list"
  "evaluate            word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
mini=$repository/egs/datasets/mini
test_list=$mini/test_list.csv
codec_run() { [[ $codec ]] && absolute "$codec" || echo "$exp/runs/encodec"; }

stage_1() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }

stage_2() { [[ $codec ]] || train encodec "$repository/egs/codec/encodec/mini/conf/encodec.json5" "$exp/data"; }

stage_3() {
  run hiervox extract --cuts "$exp/data" --out "$exp/features" --config "$recipe/conf/autoregressive.json5" \
    --set "features.codes.model=$(codec_run)" --jobs 1 --device "$device"
}

decoder() { train "$1" "$recipe/conf/$1.json5" "$exp/features" --set "features.codes.model=$(codec_run)"; }
stage_4() { decoder autoregressive; }
stage_5() { decoder non_autoregressive; }

stage_6() {
  run python "$common/local/assemble_bundle.py" --runs "$exp/runs" \
    --parts autoregressive non_autoregressive "codec=$(codec_run)" --out "$exp/bundle"
  local id prompt prompt_text text
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    run hiervox tts --text "$text" --prompt "$prompt" --control "prompt_text=$prompt_text" \
      --control stop_at_bound=true --control frames_per_token=6 --model "$exp/bundle" --seed "$seed" \
      --out "$exp/wavs/valle/$id.wav" --device "$device" --overwrite
  done 3< <(python "$common/local/speaking_list.py" "$test_list" --table "$mini/test.csv")
}

stage_7() {
  script systems_table --list "$test_list" --systems "valle=$exp/wavs/valle" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
