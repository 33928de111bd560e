#!/usr/bin/env bash
# Glow-TTS in small: from a table of recordings to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=glow_tts
source "${recipe%/egs/*}/egs/tts/common/mini.sh"
source "$recipe/../common/vocoder.sh"

main "$@"
