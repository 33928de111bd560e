#!/usr/bin/env bash
# FastSpeech 2 on LJ Speech at the published size: from the download by alignment to a trained model and a vocoder
# that has heard it. Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=fastspeech2
source "${recipe%/egs/*}/egs/tts/common/ljspeech.sh"
source "$recipe/../common/acoustic.sh"

main "$@"
