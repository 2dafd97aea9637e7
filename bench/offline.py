#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much faster than real time the demo piece is rendered.

Prints, as seconds of sound a second of this process's CPU time,

  render_64 ...  engine.render() alone, in blocks of so many frames
  script         all of it: open, load the kit, play, render in blocks of 256
  seconds        how long the piece is
"""
import importlib.util
import os
import time

import tabor

SOURCE = os.path.dirname(os.path.abspath(__file__))


def demo():
    path = os.path.join(SOURCE, "..", "examples", "demo.py")
    spec = importlib.util.spec_from_file_location("demo", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def render(piece, block):
    """CPU seconds of rendering, and of everything."""
    began = time.process_time()
    with tabor.open("offline", block=block) as engine:
        voices = piece.play_piece(engine, 0.0)
        ready = time.process_time()
        audio = engine.render(piece.LENGTH)
        done = time.process_time()
        engine.poll()
        sounded = sum(voice.ended is not None for voice in voices)
    if sounded < 0.9 * len(voices) or not memoryview(audio)[24000, 0]:
        raise SystemExit(f"only {sounded} of {len(voices)} notes sounded")
    return done - ready, time.process_time() - began


def main():
    piece = demo()
    render(piece, 256)
    print(f"seconds\t{piece.LENGTH:.2f}")
    for block in (64, 256, 1024):
        rendering, everything = render(piece, block)
        print(f"render_{block}\t{piece.LENGTH / rendering:.1f}")
        if block == 256:
            print(f"script\t{piece.LENGTH / everything:.1f}")


if __name__ == "__main__":
    main()
