#!/usr/bin/env bash
# Text-to-speech systems in one table: trained on one corpus with one budget, speaking one frozen list of sentences
# in voices that none was trained on. How to add a row: README.md beside this file.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
systems=
corpus=mini
needs_corpus=
data=
train_parts="train-clean-100 train-clean-360"
sentences=50
steps=
codec=
models=
list= prompts=
extra=(systems data train_parts sentences steps codec models list prompts)
extra_about=(
  "--corpus is mini (the recordings that the repository brings along) or libritts"
  "--systems NAMES     by commas, each a file of conf/ (default: all that have stages for the corpus)"
  "--data DIR          folder that holds LibriTTS, or gets it (default EXP/corpus)"
  "--train-parts NAMES of LibriTTS (default \"$train_parts\"); test-clean is tested with"
  "--sentences N       of LibriTTS to speak (default $sentences)"
  "--steps N           optimizer steps of every network (default: 150 with mini, 300000 with libritts)"
  "--codec DIR         the EnCodec checkpoint of VALL-E (default with mini: trained, with as many steps)"
  "--models NAME=DIR   trained models instead of trainings, by commas"
  "--list CSV          what to speak: id, text, prompt, reference (default: the corpus's own)"
  "--prompts CSV       what is said in the prompts: audio, text (default: the corpus's own)"
)
about=(
  "data      LibriTTS: download, manifests, validation, the frozen list; mini brings its own"
  "train     each system, by its own recipe; processor time is noted"
  "speak     the frozen list with each, and the recordings through VALL-E's codec"
  "evaluate  word errors, speaker similarity, F0 correlation, DNSMOS; an HTML report"
  "results   one table: figures, real-time factor, parameters, training time, and the papers' own"
)
source "${recipe%/egs/*}/egs/common/stages.sh"

# with_stages: the systems whose file of conf/ names stages for the corpus, by commas.
with_stages() {
  local file stages=${corpus}_stages mini_stages libritts_stages
  for file in "$recipe"/conf/*.sh; do
    mini_stages= libritts_stages=
    source "$file"
    if [[ ${!stages} ]]; then basename "$file" .sh; fi
  done | paste -sd,
}

settle() {
  corpus=${corpus##*/}
  [[ $corpus == mini || $corpus == libritts ]] || fail "--corpus is mini or libritts"
  [[ $systems ]] || systems=$(with_stages)
  IFS=, read -r -a names <<<"$systems"
  local name
  for name in "${names[@]}"; do [[ -f $recipe/conf/$name.sh ]] || fail "no system $name: there is no conf/$name.sh"; done
  data=$(absolute "${data:-$exp/corpus}")
  if [[ $corpus == mini ]]; then
    steps=${steps:-150} list=${list:-$repository/egs/datasets/mini/test_list.csv}
    prompts=${prompts:-$repository/egs/datasets/mini/test.csv}
  else
    steps=${steps:-300000} list=${list:-$exp/test_list.csv} prompts=${prompts:-$exp/prompts.csv}
  fi
}

# of SYSTEM: set mini_stages, libritts_stages, parts, options, controls, voice and model as its file of conf/ does.
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

corpus_program() {
  run python "$repository/egs/datasets/corpus.py" "$1" --corpus libritts --folder "$data" --parts $train_parts \
    --test-parts test-clean "${@:2}"
}

stage_data() {
  [[ $corpus == libritts ]] || return 0
  corpus_program download
  corpus_program prepare --out "$exp/data"
  local side
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
  script test_lists --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
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
  for override in ${overrides[@]+"${overrides[@]}"}; do given+=(--set "$override"); done
  run "$repository/egs/tts/$1/$corpus/run.sh" --stage "$first" --stop-stage "$last" --exp "$own" \
    --device "$device" --jobs "$jobs" --set "train.max_steps=$steps" ${given[@]+"${given[@]}"} \
    ${options[@]+"${options[@]}"}
  ((${#parts[@]} == 1)) || script assemble_bundle --runs "$own/runs" --parts "${parts[@]}" --out "$model"
}

stage_train() {
  local name
  for name in "${names[@]}"; do timed "$exp/$name/seconds.txt" train_system "$name"; done
}

speak() {
  local control given=()
  of "$1"
  for control in ${controls[@]+"${controls[@]}"}; do given+=(--control "$control"); done
  script speak_list --list "$list" --table "$prompts" --model "$model" --voice "$voice" --seed "$seed" \
    ${given[@]+"${given[@]}"} --out "$exp/wavs/$1" --device "$device"
}

stage_speak() {
  local name
  for name in "${names[@]}"; do speak "$name"; done
  [[ " ${names[*]} " == *" valle "* ]] || return 0
  of valle
  script recode_list --list "$list" --model "$model" --out "$exp/wavs/resynthesis" --device "$device"
}

stage_evaluate() {
  local name spoken=()
  [[ " ${names[*]} " != *" valle "* ]] || spoken=("resynthesis=$exp/wavs/resynthesis")
  for name in "${names[@]}"; do spoken+=("$name=$exp/wavs/$name"); done
  script systems_table --list "$list" --systems "${spoken[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --metrics wer,sim,f0,dnsmos \
    --device "$device"
}

stage_results() {
  local name given=()
  for name in "${names[@]}"; do
    of "$name"
    given+=(--system "$name" "$model" "$voice")
  done
  run python "$recipe/local/steps_results.py" "${given[@]}" --exp "$exp" --corpus "$corpus" --steps "$steps" \
    --notes "$recipe/steps_notes.md" --out "$exp/RESULTS.md"
  [[ $dry_run ]] || cat "$exp/RESULTS.md"
}

main "$@"
