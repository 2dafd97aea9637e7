#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""devices.py: for each line on stdin, what tabor knows of rtaudio just now:

    available=yes devices=[NAME/OUTPUTS/default][NAME/OUTPUTS]... why=REASON
"""
import sys

import tabor


def main():
    for _ in sys.stdin:
        driver, = [d for d in tabor.drivers() if d.name == "rtaudio"]
        devices = "".join(
            f"[{d.name}/{d.outputs}{'/default' if d.default else ''}]"
            for d in tabor.devices("rtaudio"))
        print(f"available={'yes' if driver.available else 'no'} "
              f"devices={devices} why={driver.why}", flush=True)


main()
