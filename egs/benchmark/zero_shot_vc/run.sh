#!/usr/bin/env bash
# Voice conversion, real recordings to real voices that no training has heard: one frozen list, every system, and for
# those that solve an equation every number of steps. Models are trained by ../zero_shot_tts or by their recipes.
# Run it again after an interruption: finished work is kept.
set -euo pipefail

source "$(dirname "$0")/../../common/recipe.sh"
list model "NAME=DIR: a trained model, or the name of an installed one"
option trained "" "an EXP of ../zero_shot_tts, whose systems are rows, too"
option steps 6,30 "of solvers, by commas"
option recordings "$repository/../shared/speech" "folder of corpora, each with a manifest.jsonl"
option real librispeech_test_other "the one with sources and prompts"
option count 60 "conversions"
option utmos "" "TorchScript file of UTMOS, for a column of its scores"
parse "$@"

[[ ! $utmos || -f $utmos ]] || fail "no file $utmos"
[[ ! $trained || -d $trained ]] || fail "no folder $trained"
[[ $trained || ${#model[@]} -gt 0 ]] || fail "nothing to convert with: --model NAME=DIR, or --trained EXP"
found=$(python "$common/local/conversion_variants.py" --models "${model[@]}" ${trained:+--trained "$(absolute "$trained")"} \
  --steps ${steps//,/ }) || exit 2
readarray -t variants <<<"$found"  # NAME TAB MODEL TAB control of each row

if stage 1 data "the frozen list"; then
  script frozen_list --corpus "$(absolute "$recordings")/$real" --count "$count" --conversion --out "$exp/list.csv"
fi
if stage 2 convert "each source to the voice of its prompt"; then
  for variant in "${variants[@]}"; do
    IFS=$'\t' read -r name converter control <<<"$variant"
    script convert_list --list "$exp/list.csv" --model "$converter" ${control:+--control "$control"} --seed "$seed" \
      --out "$exp/wavs/$name" --device "$device"
  done
fi
if stage 3 evaluate "word errors, speaker similarity with equal error rate, F0 correlation, DNSMOS"; then
  systems=()
  for variant in "${variants[@]}"; do systems+=("${variant%%$'\t'*}=$exp/wavs/${variant%%$'\t'*}"); done
  script systems_table --list "$exp/list.csv" --systems "${systems[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --task vc --players none \
    --metrics "wer,sim,f0,dnsmos${utmos:+,utmos}" ${utmos:+--set "utmos.weights=$utmos"} --device "$device"
fi
if stage 4 results "the table"; then
  script conversion_results --exp "$exp" --title "Voice conversion to unseen voices" --notes "$recipe/notes.md" --out "$exp/RESULTS.md"
fi
