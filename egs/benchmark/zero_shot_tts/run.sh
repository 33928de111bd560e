#!/usr/bin/env bash
# HierSpeech++, VITS and VALL-E in one table: trained on one corpus with one budget, speaking one frozen list of
# sentences in voices that none was trained on.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
needs_corpus=
corpus=mini
steps=600
codec=
extra=(steps codec hierspeechpp vits valle list prompts)
hierspeechpp= vits= valle= list= prompts=
extra_about=(
  "--corpus is mini (the recordings that the repository brings along) or libritts (models are given, not trained)"
  "--steps N           optimizer steps of every network (default $steps)"
  "--codec DIR         the EnCodec checkpoint of VALL-E (default with mini: trained here, with as many steps)"
  "--list CSV          what to speak: id, text, prompt, reference (default with mini: its own)"
  "--prompts CSV       what is said in the prompts: audio, text (default with mini: its own)"
  "--hierspeechpp DIR  a trained model instead of training one; so --vits and --valle"
)
about=(
  "hierspeechpp  train text-to-vec and the synthesizer"
  "vits          train it, with an encoder of references"
  "valle         train the codec and both decoders"
  "speak         the frozen list with each, ground truth and the codec's resynthesis beside them; seconds are noted"
  "evaluate      WER, CER, speaker similarity, F0 correlation, DNSMOS: a table and an HTML report"
  "results       one table: figures, real-time factor, parameters, training time, and the paper's own"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
tts=$repository/egs/tts
mini=$repository/egs/datasets/mini

lists() {
  if [[ $corpus == */mini ]]; then
    test_list=${list:-$mini/test_list.csv} prompt_table=${prompts:-$mini/test.csv}
  else
    [[ $list && $prompts ]] || fail "name the frozen list and the prompts' texts: --list CSV --prompts CSV"
    test_list=$list prompt_table=$prompts
  fi
}

on_mini() { [[ $corpus == */mini ]]; }
budget() { echo --set "train.max_steps=$steps"; }

# sub SYSTEM FIRST LAST OPTION...: stages of a system's own mini recipe.
sub() {
  run "$tts/$1/mini/run.sh" --stage "$2" --stop-stage "$3" --exp "$exp/$1" --device "$device" $(budget) "${@:4}"
}

stage_1() {
  [[ ! $hierspeechpp ]] || return 0
  on_mini || fail "name the trained model: --hierspeechpp DIR"
  sub hierspeechpp 1 5
  run python "$common/local/assemble_bundle.py" --runs "$exp/hierspeechpp/runs" \
    --parts text_to_vec synthesizer --out "$exp/hierspeechpp/bundle"
}

stage_2() {
  [[ ! $vits ]] || return 0
  on_mini || fail "name the trained model: --vits DIR"
  sub vits 1 3
}

stage_3() {
  [[ ! $valle ]] || return 0
  on_mini || fail "name the trained model: --valle DIR"
  sub valle 1 5 ${codec:+--codec "$codec"}
  run python "$common/local/assemble_bundle.py" --runs "$exp/valle/runs" \
    --parts autoregressive non_autoregressive "codec=${codec:-encodec}" --out "$exp/valle/bundle"
}

# model SYSTEM: the folder to speak with.
model() {
  local given=${!1}
  case $1 in
    vits) echo "${given:-$exp/vits/runs/vits}" ;;
    *) echo "${given:-$exp/$1/bundle}" ;;
  esac
}

speak() {
  local system=$1 id prompt prompt_text text start controls=()
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    [[ ! -f $exp/wavs/$system/$id.wav ]] || continue
    controls=()
    [[ $system != valle ]] || controls=(
      --control "prompt_text=$prompt_text" --control stop_at_bound=true --control frames_per_token=6
    )
    run hiervox tts --text "$text" --prompt "$prompt" --model "$(model "$system")" --seed "$seed" \
      ${controls[@]+"${controls[@]}"} --out "$exp/wavs/$system/$id.wav" --device "$device" --overwrite
  done 3< <(python "$common/local/speaking_list.py" "$test_list" --table "$prompt_table")
}

stage_4() {
  lists
  local system id reference
  for system in hierspeechpp vits valle; do speak "$system"; done
  run mkdir -p "$exp/codes"
  while IFS=$'\t' read -r -u 3 id reference; do
    [[ ! -f $exp/wavs/resynthesis/$id.wav ]] || continue
    run mkdir -p "$exp/wavs/resynthesis"
    run hiervox codec encode "$reference" --model "$(model valle)" -o "$exp/codes/$id.codes" --device "$device" \
      --overwrite
    run hiervox codec decode "$exp/codes/$id.codes" --model "$(model valle)" -o "$exp/wavs/resynthesis/$id.wav" \
      --device "$device" --overwrite
  done 3< <(python "$common/local/rows.py" "$test_list" id reference)
}

stage_5() {
  lists
  local system systems=()
  for system in resynthesis hierspeechpp vits valle; do systems+=("$system=$exp/wavs/$system"); done
  script systems_table --list "$test_list" --systems "${systems[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --metrics wer,sim,f0,dnsmos \
    --device "$device"
}

stage_6() {
  lists
  local system systems=() rows=() id prompt prompt_text text
  for system in hierspeechpp vits valle; do systems+=("$system=$(model "$system")"); done
  mapfile -t rows < <(python "$common/local/speaking_list.py" "$test_list" --table "$prompt_table")
  IFS=$'\t' read -r id prompt prompt_text text <<<"${rows[0]}"
  run python "$recipe/local/results.py" --models "${systems[@]}" --exp "$exp" --device "$device" \
    --prompt "$prompt" --prompt-text "$prompt_text" --out "$exp/RESULTS.md"
  [[ $dry_run ]] || cat "$exp/RESULTS.md"
}

main "$@"
