# SPDX-License-Identifier: MIT
"""Run the Python that README.md shows: readme.py README.md FOLDER; all of
Tabor must come from below FOLDER."""
import pathlib
import re
import sys

import _tabor

import tabor

text = pathlib.Path(sys.argv[1]).read_text()
blocks = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
assert blocks, "README.md shows no Python"
for block in blocks:
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})
with open("/proc/self/maps") as maps:
    loaded = {line.split()[-1] for line in maps if "tabor" in line}
places = {*loaded, _tabor.__file__, tabor.__file__, *tabor.kit().values()}
strangers = [place for place in places if not place.startswith(sys.argv[2])]
assert len(places) > 10 and not strangers, strangers
assert "rtaudio" in [driver.name for driver in tabor.drivers()]
print(f"README.md's Python runs: {len(blocks)} pieces, {len(places)} files "
      f"below {sys.argv[2]}")
