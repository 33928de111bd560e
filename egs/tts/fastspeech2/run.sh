#!/usr/bin/env bash
# FastSpeech 2: from recordings by alignment to a trained model and a vocoder that has heard it.
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
if stage 6 align "each phoneme gets its duration; silence at the ends is cut off"; then
  run hiervox align --cuts "$exp/valid/train" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" \
    --overwrite
fi
if stage 7 features "waveforms, tokens and F0 of what is aligned"; then
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$conf/fastspeech2.json5" \
    "${in_language[@]}" --jobs "$jobs"
fi
if stage 8 train "FastSpeech 2"; then
  train fastspeech2 "$conf/fastspeech2.json5" "$exp/features" "${in_language[@]}"
fi
if stage 9 vocoder "HiFi-GAN, on recorded spectrograms"; then
  train hifigan "$conf/hifigan.json5" "$exp/features"
fi
if stage 10 predict "the spectrograms of the training sentences, with their own durations"; then
  run hiervox extract --cuts "$exp/aligned" --out "$exp/predicted" --config "$conf/hifigan.json5" \
    --predicted-by "$exp/runs/fastspeech2" --device "$device"
fi
if stage 11 finetune "HiFi-GAN, on predicted spectrograms"; then
  train finetuned "$conf/finetune.json5" "$exp/predicted" --set "features.predicted_by=$exp/runs/fastspeech2" \
    --init-from "$exp/runs/hifigan"
  script assemble_bundle --runs "$exp/runs" --parts fastspeech2 vocoder=finetuned --out "$exp/model"
fi
if stage 12 speak "test sentences, in the voices of their prompts where the model takes one"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  script speak_list --list "$exp/test_list.csv" --table "$exp/prompts.csv" --model "$exp/model" --seed "$seed" \
    --out "$exp/wavs/fastspeech2" --device "$device"
fi
if stage 13 evaluate "word errors, speaker similarity, F0"; then
  script systems_table --list "$exp/test_list.csv" --systems "fastspeech2=$exp/wavs/fastspeech2" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
