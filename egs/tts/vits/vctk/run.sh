#!/usr/bin/env bash
# VITS on VCTK at the published size: from the download to a trained model of many speakers, and speech.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$0")/../../../common/recipe.sh"

with_corpus
test_speakers=1
parse "$@"
[[ ! $test && ! $language ]] || fail "egs/tts/vits/run.sh takes a corpus of one's own; this one speaks in VCTK's voices"

if stage 1 download "the corpus, where it is not there"; then
  corpus download
fi
if stage 2 data "cut manifests"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 validate "bad recordings are named and set aside"; then
  run hiervox validate --cuts "$exp/data/train" --out "$exp/valid" --jobs "$jobs"
fi
if stage 4 features "waveforms and tokens; the config is that of conf/ with the names of the speakers"; then
  run python "$recipe/local/speakers.py" --cuts "$exp/valid" --base "$conf/vits.json5" --out "$exp/speakers.json5"
  run hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$exp/speakers.json5" --jobs "$jobs"
fi
if stage 5 train "the network"; then
  train vits "$exp/speakers.json5" "$exp/features"
fi
if stage 6 speak "a sentence in the voice of each speaker"; then
  run python "$recipe/local/speakers.py" --cuts "$exp/valid" --out "$exp/spoken.csv" \
    --say "Please call Stella, and ask her to bring these things with her from the store."
  run hiervox tts --table "$exp/spoken.csv" --model "$exp/runs/vits" --seed "$seed" --out-dir "$exp/wavs/vits" \
    --device "$device" --overwrite
fi
