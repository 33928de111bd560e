#!/usr/bin/env bash
# VITS on LibriTTS at the published size, with an encoder of references: from the download to a model of any voice,
# speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=vits
source "${recipe%/egs/*}/egs/tts/common/libritts.sh"

main "$@"
