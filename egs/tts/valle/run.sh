#!/usr/bin/env bash
# VALL-E: from recordings to both decoders, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option codec "" "an EnCodec checkpoint (default: train one, where there is conf/codec.json5)"
list control "NAME=VALUE of speech"
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
codec=${codec:+$(absolute "$codec")}
if stage 4 codec "train EnCodec, unless one is given"; then
  [[ $codec || -f $conf/codec.json5 || $dry_run ]] || fail "name the codec: --codec DIR"
  [[ $codec || ! -f $conf/codec.json5 ]] || train encodec "$conf/codec.json5" "$exp/valid/train"
fi
codec=${codec:-$exp/runs/encodec}
if stage 5 features "codec tokens and phonemes"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/autoregressive.json5" \
    "${in_language[@]}" --set "features.codes.model=$codec" --device "$device"
fi
if stage 6 autoregressive "train it"; then
  train autoregressive "$conf/autoregressive.json5" "$exp/features" \
    "${in_language[@]}" --set "features.codes.model=$codec"
fi
if stage 7 non_autoregressive "train it"; then
  train non_autoregressive "$conf/non_autoregressive.json5" "$exp/features" \
    "${in_language[@]}" --set "features.codes.model=$codec"
fi
if stage 8 speak "test sentences, in the voices of their prompts where the model takes one"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  script assemble_bundle --runs "$exp/runs" --parts autoregressive non_autoregressive "codec=$codec" --out "$exp/bundle"
  script speak_list --list "$exp/test_list.csv" --table "$exp/prompts.csv" --model "$exp/bundle" --seed "$seed" \
    --control prompt_text=PROMPT_TEXT "${control[@]/#/--control=}" --out "$exp/wavs/valle" --device "$device"
fi
if stage 9 evaluate "word errors, speaker similarity, F0"; then
  script systems_table --list "$exp/test_list.csv" --systems "valle=$exp/wavs/valle" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
fi
