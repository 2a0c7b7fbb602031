"""What was measured, where and when: what stands beside every figure."""

import os
import platform
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from verify.report import commit

CPUINFO, MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")


def described() -> dict[str, Any]:
    """What machine it is, what day, and what is checked out."""
    return {
        "commit": commit(),
        "day": datetime.now().astimezone().date().isoformat(),
        "cores": os.cpu_count(),
        "processor": _first(CPUINFO, r"model name\s*: (.+)") or platform.machine(),
        "memoryGiB": round(int(_first(MEMINFO, r"MemTotal:\s+(\d+)") or 0) / 2**20),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _first(path: Path, pattern: str) -> str | None:
    """What a file of the system says, where there is such a file."""
    match = re.search(pattern, path.read_text(encoding="utf-8")) if path.exists() else None
    return match[1] if match else None
