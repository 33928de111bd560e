#!/usr/bin/env bash
# EnCodec in small: from a table of recordings to a trained codec, tokens, sound and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bandwidths=(1.2 2.4 4.8)
about=(
  "data      the table becomes a cut manifest"
  "train     the codec"
  "code      the recordings of the test list at each bandwidth, and back"
  "evaluate  what was decoded beside the recordings"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
test_list=$repository/egs/datasets/mini/test_list.csv

stage_data() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }

stage_train() { train encodec "$recipe/conf/encodec.json5" "$exp/data"; }

stage_code() {
  local bandwidth id reference
  while IFS=$'\t' read -r -u 3 id reference; do
    for bandwidth in "${bandwidths[@]}"; do
      run mkdir -p "$exp/codes/$bandwidth" "$exp/wavs/encodec_$bandwidth"
      run hiervox codec encode "$reference" --model "$exp/runs/encodec" --bandwidth "$bandwidth" \
        -o "$exp/codes/$bandwidth/$id.codes" --device "$device" --overwrite
      run hiervox codec decode "$exp/codes/$bandwidth/$id.codes" --model "$exp/runs/encodec" \
        -o "$exp/wavs/encodec_$bandwidth/$id.wav" --device "$device" --overwrite
    done
  done 3< <(python "$common/local/rows.py" "$test_list" id reference)
}

stage_evaluate() {
  local systems=() bandwidth
  for bandwidth in "${bandwidths[@]}"; do systems+=("encodec_$bandwidth=$exp/wavs/encodec_$bandwidth"); done
  script systems_table --list "$test_list" --systems "${systems[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
