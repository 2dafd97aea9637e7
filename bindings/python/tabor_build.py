# SPDX-License-Identifier: MIT
"""What pip calls to make a wheel (PEP 517): configure, make, make install into
a folder of their own, and a zip of that.

In the wheel lie the module and, in tabor/_root, the tree that libtabor belongs
to; libtabor finds the drivers, the decoder and the kit from where it is itself
(src/control/place.c). What make and the C compiler need must be there, as for
any build: README.md lists it.
"""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
NAME = "tabor"
TAG_PYTHON = "cp311-abi3"
# Its libdir is what libtool writes into the module as the place of libtabor;
# what is to be there instead must not be longer.
PREFIX = "/nowhere/" + "tabor" * 12
ORIGIN = "$ORIGIN/tabor/_root/lib"
LEFT_OUT = (".git", "build", "autom4te.cache", "__pycache__", "*.o",
            "*.lo", "*.la", ".libs", ".deps", "config.status")
EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's own first day

SUMMARY = "An audio host that Python and Lua play together"
METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: {summary}
License: MIT
Requires-Python: >=3.11
Classifier: License :: OSI Approved :: MIT License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: C
Classifier: Programming Language :: Python :: 3 :: Only
Classifier: Framework :: Pytest
Classifier: Topic :: Multimedia :: Sound/Audio
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

{readme}"""
ENTRY_POINTS = """\
[pytest11]
tabor = tabor.pytest_plugin
"""


def version():
    words = (SOURCE / "configure.ac").read_text()
    return re.search(r"^AC_INIT\(\[tabor\], \[([^]]+)\]", words, re.M)[1]


def metadata():
    return METADATA.format(name=NAME, version=version(), summary=SUMMARY,
                           readme=(SOURCE / "README.md").read_text())


# ------------------------------------------------------------------ build --

def run(*words, cwd):
    """A step, whose output is shown if it fails."""
    print("tabor:", *words, flush=True)
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MAKELEVEL", "DESTDIR")}
    done = subprocess.run(words, cwd=cwd, env=environment, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(done.stdout[-20000:], flush=True)
        raise SystemExit(
            f"tabor: {words[0]} failed (status {done.returncode}); what it "
            "said is above. README.md, 'Installing', lists what is needed; "
            "on Debian './dev build' installs it")


def copied_source(folder):
    """The tree without what was built in it, so that nothing is written where
    the user works."""
    tree = folder / "source"
    shutil.copytree(SOURCE, tree, symlinks=True,
                    ignore=shutil.ignore_patterns(*LEFT_OUT))
    if not (tree / "configure").exists():
        run("autoreconf", "-fi", cwd=tree)
    return tree


def configured(folder):
    """(source tree, build folder) of a copy."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise SystemExit("tabor: this Python has no GIL, and no stable ABI to "
                         "build for: use one that has")
    tree, build = copied_source(folder), folder / "build"
    build.mkdir()
    run(str(tree / "configure"), "--quiet", f"--prefix={PREFIX}",
        f"--libdir={PREFIX}/lib", "--with-python", "--without-lua",
        f"PYTHON={sys.executable}", cwd=build)
    return tree, build


def staged(folder):
    """The tree that make install makes."""
    _, build = configured(folder)
    python = f"{PREFIX}/python"
    places = (f"pythondir={python}", f"pyexecdir={python}",
              f"pkgpythondir={python}/{NAME}")
    run("make", f"-j{os.cpu_count() or 1}", *places, cwd=build)
    run("make", "install-strip", f"DESTDIR={folder}/stage", *places, cwd=build)
    return folder / "stage" / PREFIX[1:]


# ------------------------------------------------------------------ wheel --

def found_from_itself(module):
    """The module with libtabor's place written as seen from the module."""
    old = f"{PREFIX}/lib\0".encode()
    if module.count(old) != 1:
        raise SystemExit("tabor: the module names the place of libtabor "
                         f"{module.count(old)} times, not once")
    return module.replace(old, ORIGIN.encode().ljust(len(old), b"\0"))


def library_name(library):
    """libtabor.so.0.0.0 is asked for as libtabor.so.0."""
    return re.sub(r"(\.so\.\d+).*", r"\1", library.name)


def contents(stage):
    """{name in the wheel: (bytes, is executable)}"""
    python, root = stage / "python", "tabor/_root"
    files = {"_tabor.abi3.so": (found_from_itself(
        (python / "_tabor.so").read_bytes()), True)}
    for path in sorted((python / "tabor").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files[f"tabor/{path.relative_to(python / 'tabor')}"] = (
                path.read_bytes(), False)
    wanted = [("libexec/tabor/tabor-decode",) * 2]
    for library in (stage / "lib").glob("libtabor.so.*.*"):
        wanted.append((f"lib/{library.name}",
                       f"lib/{library_name(library)}"))
    for part in ("lib/tabor", "share/tabor"):
        wanted += [(str(path.relative_to(stage)),) * 2
                   for path in sorted((stage / part).rglob("*"))
                   if path.is_file() and path.suffix != ".la"]
    for name, new_name in wanted:
        path = stage / name
        files[f"{root}/{new_name}"] = (path.read_bytes(),
                                       os.access(path, os.X_OK))
    return files


def digest(data):
    value = hashlib.sha256(data).digest()
    return "sha256=" + base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def write_wheel(path, files, info):
    record = [f"{name},{digest(data)},{len(data)}\n"
              for name, (data, _) in files.items()]
    record.append(f"{info}/RECORD,,\n")
    files = {**files, f"{info}/RECORD": ("".join(record).encode(), False)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, (data, is_executable) in files.items():
            item = zipfile.ZipInfo(name, EPOCH)
            mode = stat.S_IFREG | (0o755 if is_executable else 0o644)
            item.external_attr = mode << 16
            item.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(item, data)


def tag():
    platform = re.sub(r"[^A-Za-z0-9]", "_", sysconfig.get_platform())
    return f"{TAG_PYTHON}-{platform}"


def info_files():
    """(folder, {name: text}) of what says what the wheel is."""
    return f"{NAME}-{version()}.dist-info", {
        "METADATA": metadata(),
        "entry_points.txt": ENTRY_POINTS,
        "LICENSE": (SOURCE / "LICENSE").read_text(),
        "WHEEL": "Wheel-Version: 1.0\nGenerator: tabor_build\n"
                 f"Root-Is-Purelib: false\nTag: {tag()}\n"}


# ------------------------------------------------------- what pip calls --

def prepare_metadata_for_build_wheel(metadata_directory,
                                     config_settings=None):
    folder, files = info_files()
    path = pathlib.Path(metadata_directory, folder)
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return folder


def build_wheel(wheel_directory, config_settings=None,
                metadata_directory=None):
    with tempfile.TemporaryDirectory(prefix="tabor-") as folder:
        files = contents(staged(pathlib.Path(folder)))
    info, texts = info_files()
    for name, text in texts.items():
        files[f"{info}/{name}"] = (text.encode(), False)
    name = f"{NAME}-{version()}-{tag()}.whl"
    write_wheel(pathlib.Path(wheel_directory, name), files, info)
    return name


def build_sdist(sdist_directory, config_settings=None):
    base = f"{NAME}-{version()}"
    with tempfile.TemporaryDirectory(prefix="tabor-") as folder:
        _, build = configured(pathlib.Path(folder))
        run("make", "distdir", cwd=build)
        (build / base / "PKG-INFO").write_text(metadata())
        path = pathlib.Path(sdist_directory, f"{base}.tar.gz")
        with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
            archive.add(build / base, base)
    return path.name
