"""What figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch


def machine() -> str:
    """Cores, processor and versions."""
    versions = f"PyTorch {torch.__version__}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({processor()}), {versions}"


def processor() -> str:
    """Its name, as Linux knows it, and what it has for bf16."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    bf16 = [shown for flag, shown in (("amx_bf16", "AMX"), ("avx512_bf16", "AVX-512 BF16")) if flag in flags]
    return ", ".join([names[0] if names else platform.machine(), *bf16])
