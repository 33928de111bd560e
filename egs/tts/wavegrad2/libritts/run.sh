#!/usr/bin/env bash
# WaveGrad 2 Base on LibriTTS with an encoder of references: from the download to a model of any voice, speech and
# figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
system=wavegrad2
source "${recipe%/egs/*}/egs/tts/common/libritts.sh"
source "$recipe/../common/scheduled.sh"

main "$@"
