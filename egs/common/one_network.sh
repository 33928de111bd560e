#!/usr/bin/env bash
# A system of one network, by the folder that this is linked into: from recordings to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/recipe.sh"

with_corpus
option sentences 20 "to test with"
list control "NAME=VALUE to speak with, such as vocoder=NAME for a system of spectrograms (default griffin_lim)"
parse "$@"
system=${recipe%/*} system=${system##*/}

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
if stage 4 features "what the config asks for"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/$system.json5" \
    "${in_language[@]}" --jobs "$jobs"
fi
if stage 5 train "the network"; then
  train "$system" "$conf/$system.json5" "$exp/features" "${in_language[@]}"
fi
if stage 6 speak "test sentences, in the voices of their prompts where the model takes one"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  script speak_list --list "$exp/test_list.csv" --table "$exp/prompts.csv" --model "$exp/runs/$system" --seed "$seed" \
    "${control[@]/#/--control=}" --out "$exp/wavs/$system" --device "$device"
fi
if stage 7 evaluate "word errors, speaker similarity, F0"; then
  script systems_table --list "$exp/test_list.csv" --systems "$system=$exp/wavs/$system" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
