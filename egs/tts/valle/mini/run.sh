#!/usr/bin/env bash
# VALL-E in small: from a table of recordings to a codec, both decoders, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=valle
source "${recipe%/egs/*}/egs/tts/common/mini.sh"
source "$recipe/../common/two_decoders.sh"
extra_about+=("--codec DIR     an EnCodec checkpoint (default: egs/codec/encodec/mini trains one)")
about=("${data_stages[@]}" "codec train it, unless one is given" "${decoders[@]}" "${speech_stages[@]}")

find_codec() { codec=$(absolute "${codec:-$exp/runs/encodec}"); }

stage_codec() { [[ $codec ]] || train encodec "$repository/egs/codec/encodec/mini/conf/encodec.json5" "$exp/data"; }

stage_speak() { speak_bundle --control stop_at_bound=true --control frames_per_token=6; }

main "$@"
