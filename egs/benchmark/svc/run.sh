#!/usr/bin/env bash
# Singing voice conversion: songs to singers that no training has heard, one list, every system, trained by its recipe with
# the same data, content vectors and vocoder; samplers with every number of steps.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

source "$(dirname "$0")/../../common/recipe.sh"
option corpus mini "that recipes of egs/svc have: mini, m4singer, opencpop, opensinger, svcc"
option data "" "folder that holds the corpus's own folder, or gets it"
option systems transformer_svc,diffwavenet_svc,diffcomo_svc,vits_svc "to train, by commas, each a folder of egs/svc"
list model "NAME=DIR: a trained model beside them"
option steps 10,20,diffcomo_svc:1 "of samplers, by commas; NAME:N of one system alone"
option count 20 "songs to convert"
option key off "off, median or octaves: how a song's key is brought to a singer; off keeps F0 comparable"
option budget "" "processor seconds to train every system with, its share of the vocoder, a half, included (default: the steps of the configs)"
option vocoder "" "griffin_lim, or a folder: what makes sound of spectrograms instead of a vocoder that is trained"
option max_steps "" "of every training, for a try"
parse "$@"

own() { run python "$recipe/local/$1.py" "${@:2}"; }

# of SYSTEM: its `recipe_of` the corpus, the `folder` that its recipe fills, the network that sings, and the `model` to convert
# with, a bundle with a vocoder where it needs one. The first system's data are everyone's, and so is the first vocoder.
of() {
  recipe_of=$repository/egs/svc/$1/$corpus folder=$exp/trained/$1
  [[ -x $recipe_of/run.sh ]] || fail "no system $1 with corpus $corpus: there is no egs/svc/$1/$corpus"
  singer=$1 vocoded=
  [[ ! -f $recipe_of/conf/student.json5 ]] || singer=student
  [[ ! -f $recipe_of/conf/vocoder.json5 ]] || vocoded=yes
  trained=$folder/runs/$singer
  [[ ! $vocoded || $vocoder ]] || trained=$folder/model
}

first=${systems%%,*} bounded=() shared=
for override in "${overrides[@]}"; do bounded+=(--set "$override"); done
[[ ! $budget || $budget =~ ^[1-9][0-9]*$ ]] || fail "--budget is a whole number of seconds"
[[ ! $max_steps ]] || bounded+=(--set "train.max_steps=$max_steps")
for name in ${systems//,/ }; do of "$name"; done
[[ $systems || ${#model[@]} -gt 0 ]] || fail "nothing to convert with: --systems or --model NAME=DIR"

# within SYSTEM: options, in the array `budgeted`, that share the budget out. A teacher takes as long as its student.
within() {
  local half=$((budget / 2)) part
  [[ ! $vocoder ]] || half=$budget
  budgeted=()
  [[ $budget ]] || return 0
  budgeted=(--set train.workers=0 --set train.max_steps=10000000)
  if [[ ! $vocoded ]]; then
    budgeted+=(--set "train.budget_seconds=$budget")
  elif [[ $singer == student ]]; then
    for part in teacher student; do budgeted+=(--set "$part:train.budget_seconds=$((half / 2))"); done
  else
    budgeted+=(--set "$singer:train.budget_seconds=$half")
  fi
  [[ ! $vocoded || $vocoder ]] || budgeted+=(--set "vocoder:train.budget_seconds=$half")
}

if stage 1 data "songs to train on and to convert, by the first system's recipe, and the list"; then
  of "${first:-transformer_svc}"
  run "$recipe_of/run.sh" --exp "$folder" ${data:+--data "$data"} --stop-stage 3 --jobs "$jobs"
  script test_lists --cuts "$folder/valid/test" --given "$folder/data/test" --count "$count" --prompted --out "$exp"
  own song_list --conversions "$exp/vc_list.csv" --out "$exp/list.csv"
fi
if stage 2 train "each system by its recipe; one vocoder for all"; then
  for name in ${systems//,/ }; do
    of "$name"
    within
    last=5
    [[ ! $vocoded || $vocoder || $shared ]] || last=6 shared=$folder/runs/vocoder
    run mkdir -p "$folder/runs"
    [[ $name == "$first" ]] || for part in data valid; do run ln -sfn "$exp/trained/$first/$part" "$folder/$part"; done
    run "$recipe_of/run.sh" --exp "$folder" --stage 4 --stop-stage "$last" --device "$device" --jobs "$jobs" --seed "$seed" \
      "${budgeted[@]}" "${bounded[@]}"
    [[ $vocoded && ! $vocoder ]] || continue
    [[ $shared == "$folder/runs/vocoder" ]] || run ln -sfn "$shared" "$folder/runs/vocoder"
    script assemble_bundle --runs "$folder/runs" --parts "$singer" vocoder --out "$trained"
  done
fi
models=("${model[@]}")
declare -A sounds=()  # of a system: controls that choose its vocoder
for name in ${systems//,/ }; do
  of "$name"
  models+=("$name=$trained")
  [[ ! $vocoded || ! $vocoder ]] || sounds[$name]=vocoder=$vocoder
done
variants=()
if [[ ! $dry_run ]] && ((stop_stage >= 3)); then
  found=$(python "$common/local/conversion_variants.py" --task svc --models "${models[@]}" --steps ${steps//,/ }) || exit 2
  readarray -t variants <<<"$found"  # NAME TAB MODEL TAB control of each row
else
  for one in "${models[@]}"; do variants+=("${one%%=*}"$'\t'"${one#*=}"$'\t'); done
fi
if stage 3 convert "each song to the singer of its prompt"; then
  for variant in "${variants[@]}"; do
    IFS=$'\t' read -r name converter control <<<"$variant"
    sound=${sounds[${name%_*_steps}]-}
    script convert_list --task svc --list "$exp/list.csv" --model "$converter" --control "auto_key=$key" \
      ${control:+--control "$control"} ${sound:+--control "$sound"} --seed "$seed" --out "$exp/wavs/$name" --device "$device"
  done
fi
if stage 4 evaluate "F0 correlation and error, singer similarity, errors of the lyrics, MCD, FAD"; then
  rows=()
  for variant in "${variants[@]}"; do rows+=("${variant%%$'\t'*}=$exp/wavs/${variant%%$'\t'*}"); done
  script systems_table --list "$exp/list.csv" --systems "${rows[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --task svc --players none \
    --metrics wer,sim,f0,mcd,fad --device "$device"
fi
if stage 5 results "the table"; then
  own trainings --trained "$exp/trained" --out "$exp/trainings.md"
  script conversion_results --exp "$exp" --title "Singing voice conversion to unseen singers" \
    --notes "$exp/trainings.md" "$recipe/notes.md" \
    --out "$exp/RESULTS.md"
fi
