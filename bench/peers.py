# SPDX-License-Identifier: MIT
"""Who takes part: how each program is built, and what is missing if not."""
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
TOP = SOURCE.parent
# make bench runs in the build tree.
BUILD = Path(os.environ.get("builddir", ".")).resolve()
WORK = BUILD / "bench"


class Missing(Exception):
    """Not here; the sentence says what to install or to set."""


class Failed(Exception):
    """Here, but it does not build or run."""


def run(command, **how):
    return subprocess.run([str(word) for word in command], text=True,
                          capture_output=True, **how)


def logged(name, command, **how):
    done = run(command, **how)
    log = WORK / f"{name}.log"
    log.write_text(shlex.join(map(str, command)) + "\n" + done.stdout
                   + done.stderr)
    if done.returncode != 0:
        raise Failed(f"does not build, see {log.relative_to(BUILD)}")


def compilers():
    c = shlex.split(os.environ.get("CC") or "cc")
    return {".c": [*c, "-std=gnu11"],
            ".cc": [os.environ.get("CXX", "g++"), "-std=c++17"],
            ".cpp": [os.environ.get("CXX", "g++"), "-std=c++17"]}


def machine_flags():
    """All programs, ours and theirs, get the same."""
    flags = ["-O3", "-D_GNU_SOURCE"]
    try:
        if " avx2 " in Path("/proc/cpuinfo").read_text():
            flags.append("-march=x86-64-v3")
    except OSError:
        pass
    return flags


def is_older(made, sources):
    return not made.exists() or any(
        made.stat().st_mtime < source.stat().st_mtime for source in sources)


@dataclass
class Peer:
    """A program that plays one part, built from our file and a library."""
    name: str
    part: str
    library: str = ""        # as its users call it; "" = our own
    header: str = ""         # whose absence means that it is missing
    package: str = ""        # of Debian, that has it
    modules: tuple = ()      # of pkg-config
    libs: tuple = ()
    flags: tuple = ()
    folder: str = ""         # variable that names its source's folder
    more: tuple = ()         # patterns of files in that folder
    version: str = ""        # a macro of that header
    settings: str = ""
    language: str = ".c"
    error: str = field(default="", init=False)
    found: str = field(default="", init=False)  # its version

    def __post_init__(self):
        self.all_settings = [self.settings] if self.settings else []

    def title(self):
        return f"{self.library or self.name} {self.found}".strip()

    @property
    def program(self):
        return WORK / f"{self.part}-{self.name}"

    def sources(self):
        main = {"ring": "ring-duel.c", "mix": "mix-main.c"}.get(self.part)
        own = f"{self.part}-{self.name}{self.language}"
        return [SOURCE / main, SOURCE / own] if main else [SOURCE / own]

    def build(self):
        flags, libs = self.needs()
        objects = []
        for source in [*self.sources(), *self.outside()]:
            made = WORK / f"{self.part}-{self.name}-{source.stem}.o"
            if is_older(made, [source, *SOURCE.glob("*.h"),
                               *TOP.glob("src/link/*.h")]):
                logged(made.stem, [*compilers()[source.suffix],
                                   *machine_flags(), *flags, "-c", source,
                                   "-o", made])
            objects.append(made)
        linker = compilers()[".cc" if self.language == ".cc" else ".c"]
        logged(self.program.name, [*linker, *objects, "-o", self.program,
                                   *libs, "-lpthread", "-lm"])
        self.found = self.find_version(flags)

    def needs(self):
        flags = [f"-I{TOP / 'include'}", f"-I{TOP / 'src'}", *self.flags]
        libs = list(self.libs)
        if self.folder:
            flags += [f"-I{self.place() / sub}" for sub in ("", "include")]
        if self.modules:
            flags += self.ask("--cflags")
            libs += self.ask("--libs")
        self.look_for_header(flags)
        if not self.library:
            own = BUILD / "src" / ".libs"
            libs += [f"-L{own}", "-ltabor", f"-Wl,-rpath,{own}"]
        return flags, libs

    def missing(self):
        if self.folder:
            return Missing(f"not in Debian: set {self.folder} to the folder "
                           f"of its source")
        return Missing(f"missing: install {self.package}")

    def place(self):
        if not os.environ.get(self.folder):
            raise self.missing()
        return Path(os.environ[self.folder])

    def outside(self):
        return [path for pattern in self.more
                for path in sorted(self.place().glob(pattern))]

    def ask(self, what):
        try:
            done = run(["pkg-config", what, *self.modules])
        except FileNotFoundError:
            raise Missing("missing: install pkgconf") from None
        if done.returncode != 0:
            raise self.missing()
        return shlex.split(done.stdout)

    def look_for_header(self, flags):
        if self.header:
            try:
                done = run([*compilers()[self.language], *flags, "-E", "-x",
                            "c" if self.language == ".c" else "c++", "-"],
                           input=f"#include <{self.header}>\n{self.version}")
            except FileNotFoundError as error:
                raise Missing(f"missing: install {error.filename}") from None
            if done.returncode != 0:
                raise self.missing()

    def find_version(self, flags):
        """What the macro says, else what pkg-config says."""
        if self.version:
            done = run([*compilers()[self.language], *flags, "-E", "-P", "-x",
                        "c" if self.language == ".c" else "c++", "-"],
                       input=f"#include <{self.header}>\n{self.version}")
            last = done.stdout.strip().splitlines()[-1:]
            return last[0].strip('"').replace("_", ".") if last else ""
        return self.ask("--modversion")[0] if self.modules else ""


class Rtrb(Peer):
    """Comes through cargo; its loops become a library for ring-duel.c."""

    def build(self):
        if not shutil.which("cargo"):
            raise Missing("missing: install cargo")
        folder = WORK / "rtrb"
        folder.mkdir(exist_ok=True)
        for name in ("Cargo.toml", "ring.rs"):
            shutil.copy2(SOURCE / "rtrb" / name, folder / name)
        rust = [f for f in machine_flags() if f.startswith("-march")]
        flags = rust[0].replace("-march", "-C target-cpu") if rust else ""
        try:
            logged(self.program.name, ["cargo", "build", "--release"],
                   cwd=folder, env={**os.environ, "RUSTFLAGS": flags})
        except Failed as error:
            raise Failed(f"cargo could not fetch or build it: {error}") \
                from None
        library = folder / "target/release/libbench_rtrb.a"
        logged("ring-rtrb-link", [*compilers()[".c"], *machine_flags(),
                                  SOURCE / "ring-duel.c", library, "-o",
                                  self.program, "-lpthread", "-ldl", "-lm"])
        found = re.search(r'name = "rtrb"\nversion = "(.*)"',
                          (folder / "Cargo.lock").read_text())
        self.found = found[1]


class Script(Peer):
    """A program of ours that needs no building here: make did, or it is read
    by an interpreter. Its figures are medians of its own rounds."""

    def __init__(self, name, part, *command):
        super().__init__(name, part)
        self.command = command

    def build(self):
        for word in self.command:
            if isinstance(word, Path) and not word.exists():
                raise Missing(f"missing: {word.name} is not in this tree")


class Pygame(Script):
    """What calls.py measures beside our own calls, if it is there."""

    def __init__(self):
        super().__init__("pygame", "calls")
        self.library = "pygame"

    def build(self):
        done = run([sys.executable, "-c",
                    "import pygame; print(pygame.version.ver)"])
        if done.returncode != 0:
            raise Missing("missing: install python3-pygame")
        self.found = done.stdout.split()[-1]
        self.all_settings = ["Sound.play(), the fastest of calls.py's "
                             "numbers of channels, SDL's dummy driver"]


def command_of(peer):
    return peer.command if isinstance(peer, Script) else [peer.program]


LUA = os.environ.get("LUA") or "lua5.4"

VOICES = [Script("tabor", "voices", WORK / "voices", "--tsv")]
SCHEDULE = [Script("tabor", "schedule", WORK / "schedule")]
OFFLINE = [Script("tabor", "offline", sys.executable, SOURCE / "offline.py")]
DECODE = [Script("tabor", "decode", WORK / "decode")]
CALLS = [
    Script("python", "calls", sys.executable, SOURCE / "calls.py", "--tsv"),
    Script("lua", "calls", LUA, SOURCE / "calls.lua", "--tsv"),
    Pygame(),
]


RINGS = [
    Peer("tabor", "ring", settings="reserved, written, read in place"),
    Rtrb("rtrb", "ring", "rtrb",
         settings="push, read_chunk(1); fat LTO, the same target CPU"),
    Peer("boost", "ring", "boost spsc_queue",
         "boost/lockfree/spsc_queue.hpp", "libboost-dev", language=".cc",
         version="BOOST_LIB_VERSION",
         settings="capacity<1024>, push, consume_one"),
    Peer("jack", "ring", "jack_ringbuffer", "jack/ringbuffer.h",
         "libjack-jackd2-dev", modules=("jack",),
         settings="write_space, write, read_space, read"),
    Peer("bare", "ring", "two atomics",
         settings="a word on a line each way, no message"),
]

MIXERS = [
    Peer("tabor", "mix"),
    Peer("openal", "mix", "OpenAL Soft", "AL/alext.h", "libopenal-dev",
         modules=("openal",)),
    Peer("sdl", "mix", "SDL2_mixer", "SDL2/SDL_mixer.h",
         "libsdl2-mixer-dev", modules=("SDL2_mixer",)),
    Peer("fluidsynth", "mix", "FluidSynth", "fluidsynth.h",
         "libfluidsynth-dev", modules=("fluidsynth",)),
    Peer("csound", "mix", "Csound", "csound/csound.h", "libcsound64-dev",
         flags=("-DUSE_DOUBLE",), libs=("-lcsound64",)),
    Peer("miniaudio", "mix", "miniaudio", "miniaudio.h", libs=("-ldl",),
         folder="MINIAUDIO"),
    Peer("soloud", "mix", "SoLoud", "soloud.h", language=".cc",
         flags=("-DWITH_NULL", "-w"), libs=("-ldl",), folder="SOLOUD",
         more=("src/core/*.cpp", "src/audiosource/wav/*.c*",
               "src/backend/null/*.cpp")),
]
