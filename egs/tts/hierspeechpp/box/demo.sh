#!/usr/bin/env bash
# The default voice speaks, converts a recording and widens it; then all of it is judged.
set -euo pipefail
source "$(dirname "$0")/../../../common/recipe.sh"

option bundle "$repository/pretrained/box" "models and prompts"
option out "$repository/demo" "where the recordings and the table go"
parse "$@"
[[ -d $bundle/prompts ]] || fail "no models with prompts in $bundle"
bundle=$(absolute "$bundle") out=$(absolute "$out")
prompts=("$bundle"/prompts/*.flac)
((${#prompts[@]} == 2)) || fail "$bundle/prompts has to hold two recordings"
first=${prompts[0]} second=${prompts[1]}
table=$out/table.csv spoken=$out/spoken.csv
sentences=$recipe/conf/demo_sentences.txt

# row ID SYSTEM AUDIO TEXT PROMPT: one recording for the judges. No text of the demo has a double quote.
row() { [[ $dry_run ]] || echo "$1,$2,$3,\"$4\",$5," >>"$table"; }

if stage 1 speak "three sentences in two voices"; then
  run mkdir -p "$out"
  [[ $dry_run ]] || echo "id,system,audio,text,prompt,reference" >"$table"
  [[ $dry_run ]] || echo "out,text,prompt" >"$spoken"
  for prompt in "${prompts[@]}"; do
    name=$(basename "$prompt" .flac)
    row "$name" prompt "$prompt" "$(<"${prompt%.flac}.txt")" "$prompt"
    line=0
    while IFS= read -r text; do
      line=$((line + 1))
      wav=$name/$(printf %04d "$line").wav
      row "${name}_$line" tts "$out/$wav" "$text" "$prompt"
      [[ $dry_run ]] || echo "$wav,\"$text\",$prompt" >>"$spoken"
    done <"$sentences"
  done
  run hiervox tts --table "$spoken" --out-dir "$out" --rate 24000 --overwrite --model "$bundle" --device "$device"
fi
if stage 2 convert "one voice's recording into the other, and widen it"; then
  run hiervox vc --source "$first" --prompt "$second" --out "$out/converted.wav" --overwrite --model "$bundle" \
    --device "$device"
  row converted vc "$out/converted.wav" "$(<"${first%.flac}.txt")" "$second"
  run hiervox sr "$out/converted.wav" --rate 48000 --out "$out/converted_48000.wav" --overwrite --model "$bundle" \
    --device "$device"
  row converted_48000 sr "$out/converted_48000.wav" "$(<"${first%.flac}.txt")" "$second"
fi
if stage 3 evaluate "word errors and speaker similarity"; then
  run hiervox evaluate --table "$table" --out "$out/evaluation" --metrics wer,sim --device "$device"
  echo "recordings: $out"
  echo "a page that speaks: pip install 'hiervox[web]' && hiervox web"
fi
