# SPDX-License-Identifier: MIT
import tabor

with tabor.open() as engine:
    kit = {name: engine.load(path) for name, path in tabor.kit().items()}
    start = engine.now + 0.1
    for beat in range(8):
        kit["kick"].play(at=start + beat * 0.5)
        kit["hat"].play(at=start + beat * 0.5 + 0.25, gain=0.5, pan=-0.3)
        kit["pluck"].play(at=start + beat * 0.5, pitch=[0, 3, 7, 10][beat % 4])
    kit["bell"].play(at=start + 4).wait(10)
