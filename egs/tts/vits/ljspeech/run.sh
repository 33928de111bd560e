#!/usr/bin/env bash
# VITS on LJ Speech at the published size: from the download to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=vits
source "${recipe%/egs/*}/egs/tts/common/ljspeech.sh"

main "$@"
