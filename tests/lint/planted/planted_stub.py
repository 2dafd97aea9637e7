# SPDX-License-Identifier: MIT
"""stubtest must find that the stub beside it says something else."""


def planted(frames: int) -> int:
    return frames
