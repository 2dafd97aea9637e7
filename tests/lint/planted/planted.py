# SPDX-License-Identifier: MIT
"""ruff must find the import that nobody uses, mypy the sum."""
import os


def planted(text: str) -> int:
    return text + 1
