#!/usr/bin/env bash
# VALL-E on LibriTTS at the published size: from the download to both decoders, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=valle
parts="train-clean-100 train-clean-360 train-other-500"
source "${recipe%/egs/*}/egs/tts/common/libritts.sh"
source "$recipe/../common/two_decoders.sh"
extra_about+=("--codec DIR     the published 24 kHz EnCodec, converted by \`hiervox convert\`")
about=("${data_stages[@]}" "${decoders[@]}" "${speech_stages[@]}")

find_codec() { [[ $codec || $dry_run ]] || fail "name the codec: --codec DIR"; }

stage_speak() { speak_bundle; }

main "$@"
