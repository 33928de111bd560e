#!/usr/bin/env bash
# HierVST: from recordings to its network, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option sentences 20 "to convert"
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
if stage 4 features "waveforms, F0 and semantic vectors, of the recordings and of perturbed copies"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/hiervst.json5" \
    --jobs "$jobs" --device "$device"
fi
if stage 5 hiervst "train the network against its discriminators"; then
  train hiervst "$conf/hiervst.json5" "$exp/features"
fi
if stage 6 convert "test recordings to voices that no training has heard"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --prompted --out "$exp"
  run hiervox vc --table "$exp/vc_list.csv" --out-dir "$exp/wavs/vc" --overwrite --model "$exp/runs/hiervst" \
    --seed "$seed" --device "$device"
fi
if stage 7 evaluate "word errors, speaker similarity, F0"; then
  script evaluation_table --vc-list "$exp/vc_list.csv" --wavs "$exp/wavs" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --task vc "${heard_in[@]}" --device "$device"
fi
