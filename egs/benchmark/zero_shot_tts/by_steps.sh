#!/usr/bin/env bash
# Text-to-speech systems in one table: trained on one corpus with one number of steps, speaking one frozen list of
# sentences in voices that none was trained on. How to add a row: README.md beside this file.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

source "$(dirname "$0")/../../common/recipe.sh"
option corpus mini "mini, which comes with the toolkit, or libritts"
option systems "" "by commas, each a file of conf (default: all that have stages for the corpus)"
option data "" "folder that holds LibriTTS, or gets it (default EXP/corpus)"
option train_parts "train-clean-100 train-clean-360" "of LibriTTS; test-clean is tested with"
option sentences 50 "of LibriTTS to speak"
option steps "" "of every network (default: 150 with mini, 300000 with libritts)"
option codec "" "the EnCodec checkpoint of VALL-E (default with mini: trained, with as many steps)"
option models "" "NAME=DIR, by commas: trained models instead of trainings"
option list "" "what to speak: id, text, prompt, reference (default: the corpus's own)"
option prompts "" "what is said in the prompts: audio, text (default: the corpus's own)"
parse "$@"

# with_stages: the systems whose file of conf names stages for the corpus, by commas.
with_stages() {
  local file stages=${corpus}_stages mini_stages libritts_stages
  for file in "$recipe"/conf/*.sh; do
    mini_stages= libritts_stages=
    source "$file"
    if [[ ${!stages} ]]; then basename "$file" .sh; fi
  done | paste -sd,
}

# of SYSTEM: set mini_stages, libritts_stages, parts, options, controls, voice and model as its file of conf does.
of() {
  mini_stages= libritts_stages= parts=() options=() controls=() voice=prompt model=
  source "$recipe/conf/$1.sh"
  local given
  for given in ${models//,/ }; do
    [[ ${given%%=*} != "$1" ]] || model=$(absolute "${given#*=}") parts=()
  done
  if [[ ! $model ]]; then
    ((${#parts[@]} > 1)) && model=$exp/$1/bundle || model=$exp/$1/runs/${parts[0]}
  fi
}

libritts() {
  run python "$datasets/corpus.py" "$1" --corpus libritts --folder "$data" --parts $train_parts --test-parts test-clean \
    "${@:2}"
}

# train_system SYSTEM: by its own recipe of the corpus; LibriTTS's manifests are those of stage 1.
train_system() {
  local own=$exp/$1 stages=${corpus}_stages first last given=() override
  of "$1"
  [[ ${parts[*]} ]] || return 0
  read -r first last <<<"${!stages}"
  [[ $first ]] || fail "conf/$1.sh has no stages for $corpus: give its model with --models $1=DIR"
  run mkdir -p "$own"
  if [[ $corpus == libritts ]]; then
    run ln -sfn "$exp/data" "$own/data"
    run ln -sfn "$exp/valid" "$own/valid"
  fi
  for override in "${overrides[@]}"; do given+=(--set "$override"); done
  run "$repository/egs/tts/$1/$corpus/run.sh" --stage "$first" --stop-stage "$last" --exp "$own" \
    --device "$device" --jobs "$jobs" --set "train.max_steps=$steps" "${given[@]}" "${options[@]}"
  ((${#parts[@]} == 1)) || script assemble_bundle --runs "$own/runs" --parts "${parts[@]}" --out "$model"
}

[[ $corpus == mini || $corpus == libritts ]] || fail "--corpus is mini or libritts"
IFS=, read -r -a names <<<"${systems:-$(with_stages)}"
for name in "${names[@]}"; do [[ -f $recipe/conf/$name.sh ]] || fail "no system $name: there is no conf/$name.sh"; done
data=$(absolute "${data:-$exp/corpus}")
if [[ $corpus == mini ]]; then
  steps=${steps:-150} list=${list:-$datasets/mini/test_list.csv} prompts=${prompts:-$datasets/mini/test.csv}
else
  steps=${steps:-300000} list=${list:-$exp/test_list.csv} prompts=${prompts:-$exp/prompts.csv}
fi

if stage 1 data "LibriTTS: download, manifests, validation, the frozen list; mini brings its own"; then
  if [[ $corpus == libritts ]]; then
    libritts download
    libritts prepare --out "$exp/data"
    for side in train test; do
      run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
    done
    script test_lists --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
    script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  fi
fi
if stage 2 train "each system, by its own recipe; processor time is noted"; then
  for name in "${names[@]}"; do
    of "$name"
    [[ ! ${parts[*]} ]] || timed "$exp/$name/seconds.txt" train_system "$name"
  done
fi
if stage 3 speak "the frozen list with each, and the recordings through VALL-E's codec"; then
  for name in "${names[@]}"; do
    of "$name"
    script speak_list --list "$list" --table "$prompts" --model "$model" --voice "$voice" --seed "$seed" \
      "${controls[@]/#/--control=}" --out "$exp/wavs/$name" --device "$device"
    [[ $name != valle ]] || script recode_list --list "$list" --model "$model" --out "$exp/wavs/resynthesis" \
      --device "$device"
  done
fi
if stage 4 evaluate "word errors, speaker similarity, F0 correlation, DNSMOS; an HTML report"; then
  spoken=()
  [[ " ${names[*]} " != *" valle "* ]] || spoken=("resynthesis=$exp/wavs/resynthesis")
  for name in "${names[@]}"; do spoken+=("$name=$exp/wavs/$name"); done
  script systems_table --list "$list" --systems "${spoken[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --metrics wer,sim,f0,dnsmos --device "$device"
fi
if stage 5 results "one table: figures, real-time factor, parameters, training time, and the papers' own"; then
  given=()
  for name in "${names[@]}"; do
    of "$name"
    given+=(--system "$name" "$model" "$voice")
  done
  run python "$recipe/local/steps_results.py" "${given[@]}" --exp "$exp" --corpus "$corpus" --steps "$steps" \
    --notes "$recipe/steps_notes.md" --out "$exp/RESULTS.md"
  run cat "$exp/RESULTS.md"
fi
