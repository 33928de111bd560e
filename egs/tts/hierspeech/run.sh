#!/usr/bin/env bash
# HierSpeech: from recordings to a trained model, speech and figures, and its adaptation to recordings without transcripts.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option sentences 20 "to test with"
option adapt "" "a table of a voice's recordings, whose texts are not read, to adapt to (HierSpeech-U)"
parse "$@"
[[ ! $adapt || -f $adapt ]] || fail "no table $adapt"
models=(hierspeech ${adapt:+adapted})

if stage 1 download "the corpus, where it is not there"; then
  corpus download
fi
if stage 2 data "cut manifests, to train on and to test with"; then
  corpus prepare --out "$exp/data"
  [[ ! $adapt ]] || run hiervox prepare --table "$(absolute "$adapt")" --out "$exp/data/adapt" --overwrite
fi
if stage 3 validate "bad recordings are named and set aside"; then
  for side in train test ${adapt:+adapt}; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
fi
if stage 4 features "waveforms, tokens and semantic vectors"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/hierspeech.json5" \
    "${in_language[@]}" --jobs "$jobs"
  [[ ! $adapt ]] || run hiervox extract --cuts "$exp/valid/adapt" --out "$exp/adapt_features" --config "$conf/adapt.json5" \
    "${in_language[@]}" --jobs "$jobs"
fi
if stage 5 train "the network, and from its weights the adapted one"; then
  train hierspeech "$conf/hierspeech.json5" "$exp/features" "${in_language[@]}"
  [[ ! $adapt ]] || train adapted "$conf/adapt.json5" "$exp/adapt_features" "${in_language[@]}" \
    --init-from "$exp/runs/hierspeech"
fi
if stage 6 speak "test sentences, in the voices of their prompts where the model takes one"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  for model in "${models[@]}"; do
    script speak_list --list "$exp/test_list.csv" --table "$exp/prompts.csv" --model "$exp/runs/$model" --seed "$seed" \
      --out "$exp/wavs/$model" --device "$device"
  done
fi
if stage 7 evaluate "word errors, speaker similarity, F0"; then
  systems=()
  for model in "${models[@]}"; do systems+=("$model=$exp/wavs/$model"); done
  script systems_table --list "$exp/test_list.csv" --systems "${systems[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
