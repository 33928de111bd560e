#!/usr/bin/env bash
# FACodec: from recordings by alignment to a codec that takes speech apart, tokens, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option sentences 20 "to test with"
parse "$@"

if stage 1 download "the corpus, where it is not there"; then
  corpus download
fi
if stage 2 data "cut manifests, to train on and to test with"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 validate "bad recordings are named and set aside"; then
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
fi
if stage 4 recordings "waveforms and tokens, for the aligner"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/recordings" --config "$conf/aligner.json5" \
    "${in_language[@]}" --jobs "$jobs"
fi
if stage 5 aligner "train it"; then
  train aligner "$conf/aligner.json5" "$exp/recordings" "${in_language[@]}"
fi
if stage 6 align "each phoneme gets its place; silence at the ends is cut off"; then
  run hiervox align --cuts "$exp/valid/train" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" \
    --overwrite
fi
if stage 7 features "waveforms, tokens and F0 of what is aligned"; then
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$conf/facodec.json5" "${in_language[@]}" \
    --jobs "$jobs"
fi
if stage 8 train "the codec"; then
  train facodec "$conf/facodec.json5" "$exp/features" "${in_language[@]}"
fi
if stage 9 code "the test recordings: all tokens, and those without the residual"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --prompted --out "$exp"
  run mkdir -p "$exp/references"  # the recordings under the names of their rows
  while IFS=$'\t' read -r -u 3 id reference; do
    run ln -sf "$(absolute "$reference")" "$exp/references/$id.wav"
  done 3< <(rows "$exp/test_list.csv" id reference)
  run hiervox codec encode "$exp"/references/*.wav --model "$exp/runs/facodec" --out-dir "$exp/codes" \
    --device "$device" --overwrite
  run hiervox codec decode "$exp"/codes/*.codes --model "$exp/runs/facodec" --out-dir "$exp/wavs/all" \
    --device "$device" --overwrite
  run hiervox codec decode "$exp"/codes/*.codes --model "$exp/runs/facodec" --attributes prosody,content \
    --out-dir "$exp/wavs/without_residual" --device "$device" --overwrite
fi
if stage 10 evaluate "what was decoded beside the recordings"; then
  script systems_table --list "$exp/test_list.csv" --out "$exp/evaluation.csv" --systems "all=$exp/wavs/all" \
    "without_residual=$exp/wavs/without_residual"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
if stage 11 convert "test recordings to voices that no training has heard, and figures of that"; then
  run hiervox vc --table "$exp/vc_list.csv" --out-dir "$exp/wavs/vc" --overwrite --model "$exp/runs/facodec" \
    --seed "$seed" --device "$device"
  script evaluation_table --vc-list "$exp/vc_list.csv" --wavs "$exp/wavs" --out "$exp/vc_evaluation.csv"
  run hiervox evaluate --table "$exp/vc_evaluation.csv" --out "$exp/vc_evaluation" --task vc "${heard_in[@]}" \
    --device "$device"
fi
