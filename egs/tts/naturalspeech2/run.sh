#!/usr/bin/env bash
# NaturalSpeech 2: from recordings by alignment and a codec's tokens to latent diffusion, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option codec "" "an EnCodec or FACodec checkpoint (default: train EnCodec, where there is conf/codec.json5)"
list control "NAME=VALUE of speech"
option sentences 20 "to test with"
option steps "" "numbers of solver steps, by commas: speak with each, and plot the figures over them"
parse "$@"

rows=(naturalspeech2)
if [[ $steps ]]; then
  [[ $steps =~ ^[1-9][0-9]*(,[1-9][0-9]*)+$ ]] || fail "--steps are two numbers or more, as 10,50"
  rows=()
  for number in ${steps//,/ }; do rows+=("naturalspeech2_${number}_steps"); done
fi

if stage 1 download "the corpus, where it is not there"; then
  corpus download
fi
if stage 2 data "cut manifests, to train on and to test with"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 validate "bad recordings are named and set aside"; then
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
fi
if stage 4 recordings "waveforms and tokens, for the aligner"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/recordings" --config "$conf/aligner.json5" \
    "${in_language[@]}" --jobs "$jobs"
fi
if stage 5 aligner "train it"; then
  train aligner "$conf/aligner.json5" "$exp/recordings" "${in_language[@]}"
fi
if stage 6 align "each phoneme gets its duration; silence at the ends is cut off"; then
  run hiervox align --cuts "$exp/valid/train" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" \
    --overwrite
fi
codec=${codec:+$(absolute "$codec")}
if stage 7 codec "train EnCodec, unless a codec is given"; then
  [[ $codec || -f $conf/codec.json5 || $dry_run ]] || fail "name the codec: --codec DIR"
  [[ $codec || ! -f $conf/codec.json5 ]] || train encodec "$conf/codec.json5" "$exp/valid/train"
fi
codec=${codec:-$exp/runs/encodec}
if stage 8 features "codec tokens, phonemes and F0 of what is aligned"; then
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$conf/naturalspeech2.json5" \
    "${in_language[@]}" --set "features.codes.model=$codec" --device "$device"
fi
if stage 9 train "NaturalSpeech 2"; then
  train naturalspeech2 "$conf/naturalspeech2.json5" "$exp/features" \
    "${in_language[@]}" --set "features.codes.model=$codec"
fi
if stage 10 speak "test sentences, in the voices of their prompts"; then
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  script assemble_bundle --runs "$exp/runs" --parts naturalspeech2 "codec=$codec" --out "$exp/bundle"
  for row in "${rows[@]}"; do
    number=${row#naturalspeech2} number=${number//[^0-9]/} own=()
    for one in "${control[@]}"; do [[ $number && $one == steps=* ]] || own+=("$one"); done
    own+=(${number:+"steps=$number"})
    script speak_list --list "$exp/test_list.csv" --table "$exp/prompts.csv" --model "$exp/bundle" --seed "$seed" \
      "${own[@]/#/--control=}" --out "$exp/wavs/$row" --device "$device"
  done
fi
if stage 11 evaluate "word errors, speaker similarity, F0"; then
  systems=()
  for row in "${rows[@]}"; do systems+=("$row=$exp/wavs/$row"); done
  script systems_table --list "$exp/test_list.csv" --systems "${systems[@]}" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
  [[ ! $steps ]] || script steps_plot --evaluation "$exp/evaluation" --out "$exp/steps.svg"
fi
