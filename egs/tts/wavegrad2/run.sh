#!/usr/bin/env bash
# WaveGrad 2: from recordings by alignment to a trained model with a schedule of few steps, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option size wavegrad2 "name of the config and its run"
option steps 6 "of the schedule that is searched for and spoken with"
option items 8 "utterances that a schedule is scored on"
option tries 200 "schedules to score"
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
model=$exp/model
[[ $size == wavegrad2 ]] || model=$exp/$size
if stage 4 align "an aligner is trained and finds the durations of phonemes"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/recordings" --config "$conf/aligner.json5" \
    "${in_language[@]}" --jobs "$jobs"
  train aligner "$conf/aligner.json5" "$exp/recordings" "${in_language[@]}"
  run hiervox align --cuts "$exp/valid/train" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" \
    --overwrite
fi
if stage 5 features "waveforms and tokens"; then
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$conf/$size.json5" \
    "${in_language[@]}" --jobs "$jobs"
fi
if stage 6 train "the network"; then
  train "$size" "$conf/$size.json5" "$exp/features" "${in_language[@]}"
fi
if stage 7 schedule "the best noise schedule of a few steps"; then
  [[ -f $model/config.json ]] || run hiervox schedule --model "$exp/runs/$size" --cuts "$exp/features" \
    --steps "$steps" --items "$items" --tries "$tries" --out "$model" --device "$device"
fi
if stage 8 plot "steps against quality"; then
  script steps_against_quality --model "$model" --cuts "$exp/features" --items "$items" --out "$exp/steps" \
    --device "$device"
fi
if stage 9 speak "test sentences, in the voices of their prompts where the model takes one"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  script speak_list --list "$exp/test_list.csv" --table "$exp/prompts.csv" --model "$model" --seed "$seed" \
    --control "steps=$steps" --out "$exp/wavs/wavegrad2" --device "$device"
fi
if stage 10 evaluate "word errors, speaker similarity, F0"; then
  script systems_table --list "$exp/test_list.csv" --systems "wavegrad2=$exp/wavs/wavegrad2" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
