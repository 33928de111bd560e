#!/usr/bin/env bash
# The default voice speaks, converts a recording and widens it; then all of it is judged.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=${recipe%/egs/*}
bundle=$repository/pretrained/box
out=$repository/demo
device=auto

usage() {
  cat <<EOF
Usage: demo.sh [OPTION VALUE]...

  --bundle DIR   models and prompts (default pretrained/box of the repository)
  --out DIR      where the recordings and the table go (default demo of the repository)
  --device D     auto, cpu, cuda, cuda:1 (default $device)
EOF
}

fail() {
  echo "demo.sh: $*" >&2
  exit 2
}

while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --bundle | --out | --device)
      (($# >= 2)) || fail "$1 needs a value"
      declare "${1#--}=$2"
      shift 2 ;;
    *) fail "no option $1; see demo.sh --help" ;;
  esac
done
[[ -d $bundle/prompts ]] || fail "no models with prompts in $bundle"
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"

mkdir -p "$out"
bundle=$(cd "$bundle" && pwd)
out=$(cd "$out" && pwd)
table=$out/table.csv
echo "id,system,audio,text,prompt,reference" >"$table"

# row ID SYSTEM AUDIO TEXT PROMPT: one recording for the judges. No text of the demo has a double quote.
row() { echo "$1,$2,$3,\"$4\",$5," >>"$table"; }

prompts=("$bundle"/prompts/*.flac)
((${#prompts[@]} == 2)) || fail "$bundle/prompts has to hold two recordings"
for prompt in "${prompts[@]}"; do
  name=$(basename "$prompt" .flac)
  row "$name" prompt "$prompt" "$(<"${prompt%.flac}.txt")" "$prompt"
  hiervox tts --text-file "$recipe/conf/demo_sentences.txt" --prompt "$prompt" --out-dir "$out/$name" \
    --rate 24000 --overwrite --model "$bundle" --device "$device"
  line=0
  while IFS= read -r text; do
    line=$((line + 1))
    row "${name}_$line" tts "$out/$name/$(printf %04d "$line").wav" "$text" "$prompt"
  done <"$recipe/conf/demo_sentences.txt"
done

first=${prompts[0]}
second=${prompts[1]}
hiervox vc --source "$first" --prompt "$second" --out "$out/converted.wav" --overwrite \
  --model "$bundle" --device "$device"
row converted vc "$out/converted.wav" "$(<"${first%.flac}.txt")" "$second"
hiervox sr "$out/converted.wav" --rate 48000 --out "$out/converted_48000.wav" --overwrite \
  --model "$bundle" --device "$device"
row converted_48000 sr "$out/converted_48000.wav" "$(<"${first%.flac}.txt")" "$second"

hiervox evaluate --table "$table" --out "$out/evaluation" --metrics wer,sim --device "$device"
echo "recordings: $out"
