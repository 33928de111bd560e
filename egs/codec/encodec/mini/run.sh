#!/usr/bin/env bash
# EnCodec in small: from a table of recordings to a trained codec, tokens, sound and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$0")/../../../common/recipe.sh"

with_corpus
parse "$@"
bandwidths=(1.2 2.4 4.8)
systems=()
for bandwidth in "${bandwidths[@]}"; do systems+=("encodec_$bandwidth=$exp/wavs/encodec_$bandwidth"); done

if stage 1 data "cut manifests, to train on and to test with"; then
  corpus download
  corpus prepare --out "$exp/data"
fi
if stage 2 train "the codec"; then
  train encodec "$conf/encodec.json5" "$exp/data/train"
fi
if stage 3 code "the test recordings at each bandwidth, and back"; then
  script test_lists --cuts "$exp/data/test" --given "$exp/data/test" --count 20 --out "$exp"
  run mkdir -p "$exp/references"  # the recordings under the names of their rows
  while IFS=$'\t' read -r -u 3 id reference; do
    run ln -sf "$(absolute "$reference")" "$exp/references/$id.wav"
  done 3< <(rows "$exp/test_list.csv" id reference)
  for bandwidth in "${bandwidths[@]}"; do
    run hiervox codec encode "$exp"/references/*.wav --model "$exp/runs/encodec" --bandwidth "$bandwidth" \
      --out-dir "$exp/codes/$bandwidth" --device "$device" --overwrite
    run hiervox codec decode "$exp/codes/$bandwidth"/*.codes --model "$exp/runs/encodec" \
      --out-dir "$exp/wavs/encodec_$bandwidth" --device "$device" --overwrite
  done
fi
if stage 4 evaluate "what was decoded beside the recordings"; then
  script systems_table --list "$exp/test_list.csv" --out "$exp/evaluation.csv" --systems \
    "${systems[@]}"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
