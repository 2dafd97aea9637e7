# SPDX-License-Identifier: MIT
"""python -m tabor COMMAND"""
import argparse
import sys

from tabor import _torture


def seconds(text):
    number = float(text)
    if not 0.1 <= number <= 3600:
        raise argparse.ArgumentTypeError("goes from 0.1 to 3600")
    return number


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tabor", description="Tabor's tools in Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    torture = commands.add_parser(
        "torture", help="does sound wait for Python here?",
        description="Plays 1000 voices while Python is busy, with a checker "
        "of the audio thread loaded, and says what was found. Status 0: "
        "nothing; 1: something; 2: it could not be tried.")
    torture.add_argument("--seconds", type=seconds, default=3.0, metavar="N",
                         help="play for so long (3)")
    torture.add_argument("--driver", default="auto", metavar="NAME",
                         help="the audio driver (auto)")
    torture.add_argument("--inside", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return _torture.play(options.driver, options.seconds, options.inside)
    return _torture.run(options.driver, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
