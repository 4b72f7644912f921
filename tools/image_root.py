"""`python tools/image_root.py ROOT`: put into ROOT what Inventory's image is made of, and nothing else.

Run it in the image's build, after the packages are installed in /opt/inventory. ROOT gets that folder, Python with its
standard library compiled, the shared libraries that these load, certificates, and two users. There is no shell and no
package manager.
"""

from __future__ import annotations

import compileall
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

PACKAGES = Path("/opt/inventory")
PYTHON = Path(sys.base_prefix)
LIBRARY = Path(sys.base_prefix, "lib", f"python{sys.version_info.major}.{sys.version_info.minor}")

UNUSED_MODULES = (
    *("ensurepip", "idlelib", "pydoc_data", "site-packages", "test", "tkinter", "turtle.py", "turtledemo", "venv"),
    f"config-{LIBRARY.name.removeprefix('python')}-*",
    *(f"{name}.*.so" for name in ("_curses*", "_dbm", "_gdbm", "_test*", "_tkinter", "readline")),
)
"""Of the standard library: what needs a screen, a build or a library that nothing else does."""
UNUSED_FILES = (
    *("test", "tests", "__pycache__", "*.c", "*.cpp", "*.h", "*.pxd", "*.pxi", "*.pyi", "*.pyx"),
    *("_cffi.*.so", "fuzz_cpp_avx2.*.so"),
)
"""Of the packages: tests, sources of what is compiled, stubs for type checkers, and what another module does as well:
zstandard for PyPy, and a faster variant of what we do not use of rapidfuzz.
"""
UNUSED_LEXERS = re.compile(r"(?!_|(css|data|html|javascript|jvm|ruby)\.)")
"""Modules of Pygments for hundreds of languages; left are those of page sources and JSON, and what they import."""
SYSTEM_FILES = (
    "/etc/debian_version",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/openssl.cnf",
    "/usr/lib/ssl/openssl.cnf",
    "/etc/os-release",
)
PASSWD = "root:x:0:0:root:/:/sbin/nologin\ninventory:x:10001:10001:Inventory:/tmp:/sbin/nologin\n"
GROUP = "root:x:0:\ninventory:x:10001:\n"


def main(root: Path) -> None:
    """Fill ROOT, which does not exist yet."""
    for folder in (root / "usr", root / "tmp", root / "data", root / "app"):
        folder.mkdir(parents=True)
    for alias in ("lib", "lib64"):  # as Debian has them: the loader's path begins with one of these
        (root / "usr" / alias).mkdir(exist_ok=True)
        (root / alias).symlink_to(f"usr/{alias}")
    _copy_python(root)
    shutil.copytree(PACKAGES, root / PACKAGES.relative_to("/"), symlinks=True, ignore=_unused)
    _copy_libraries(root)
    for name in SYSTEM_FILES:
        _copy(Path(name), root)
    (root / "etc" / "ld.so.conf").write_text(f"{PYTHON}/lib\n")
    subprocess.run(["ldconfig", "-r", str(root)], check=True)
    (root / "etc" / "passwd").write_text(PASSWD)
    (root / "etc" / "group").write_text(GROUP)
    (root / "tmp").chmod(0o1777)
    (root / "data").chmod(0o700)
    shutil.chown(root / "data", 10001, 10001)
    for library in _shared_objects(root):
        library.write_bytes(without_symbols(library.read_bytes()))
    _compile(root)


def _compile(root: Path) -> None:
    """Compile the modules. With hashes instead of times, every build gives the same files."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(root, quiet=2, stripdir=str(root), prependdir="/", invalidation_mode=mode)


def without_symbols(library: bytes) -> bytes:
    """A 64-bit ELF file as far as it is loaded: without symbols for debuggers, and without the table of sections.

    Some wheels are shipped with these, and they are a quarter of the image. `strip` would need a compiler's tools.
    """
    if library[:6] != b"\x7fELF\x02\x01":  # 64 bits, the lower byte first: amd64 and arm64
        return library
    headers, size, count = struct.unpack_from("<Q", library, 32)[0], *struct.unpack_from("<HH", library, 54)
    ends = [64, headers + size * count]
    for number in range(count):
        offset, _, _, length = struct.unpack_from("<4Q", library, headers + number * size + 8)
        ends.append(offset + length)
    loaded = bytearray(library[: max(ends)])
    struct.pack_into("<Q", loaded, 40, 0)  # where the table of sections is
    struct.pack_into("<HHH", loaded, 58, 0, 0, 0)  # the size and the number of its entries, and the one with names
    return bytes(loaded)


def _copy_python(root: Path) -> None:
    target = root / PYTHON.relative_to("/")
    modules = target / "lib" / LIBRARY.name
    shutil.copytree(LIBRARY, modules, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", *UNUSED_MODULES))
    (target / "bin").mkdir()
    shutil.copy2(Path(sys.executable).resolve(), target / "bin" / LIBRARY.name)
    for name in ("python", "python3"):
        (target / "bin" / name).symlink_to(LIBRARY.name)


def _unused(folder: str, names: list[str]) -> set[str]:
    unused = shutil.ignore_patterns(*UNUSED_FILES)(folder, names)
    return unused | {name for name in names if folder.endswith("/pygments/lexers") and UNUSED_LEXERS.match(name)}


def _copy_libraries(root: Path) -> None:
    """The libraries that are loaded by what is in ROOT, and for scanners of images the packages that they are from."""
    loaders = [*_shared_objects(root), root / PYTHON.relative_to("/") / "bin" / LIBRARY.name]
    found: set[str] = set()
    for loader in loaders:
        listed = subprocess.run(["ldd", str(loader)], capture_output=True, text=True, check=True).stdout
        if missing := re.findall(r"(\S+) => not found", listed):
            sys.exit(f"{loader} needs {missing}, which this image does not have")
        found.update(re.findall(r"(?:=> |^\t)(/\S+) \(0x", listed, re.MULTILINE))
    packages: set[str] = set()
    for library in sorted(found):
        if not library.startswith(str(root)):
            _copy(Path(library), root)
            packages.update(_packages_of(Path(library).resolve().name))
    status = root / "var" / "lib" / "dpkg" / "status.d"
    status.mkdir(parents=True)
    for package in sorted(packages):
        described = subprocess.run(["dpkg-query", "--status", package], capture_output=True, check=True)
        (status / package.partition(":")[0]).write_bytes(described.stdout)


def _packages_of(file_name: str) -> list[str]:
    """The packages of Debian that have a file of that name, none for what is not of Debian."""
    found = subprocess.run(["dpkg-query", "--search", f"*/{file_name}"], capture_output=True, text=True, check=False)
    return re.findall(r"^([a-z0-9.+:-]+): ", found.stdout, re.MULTILINE)


def _copy(path: Path, root: Path) -> None:
    """A file at its own path in ROOT, even where that leads over a link."""
    target = root / path.parent.relative_to("/")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path.resolve(strict=True), target / path.name)


def _shared_objects(root: Path) -> list[Path]:
    return [path for path in root.rglob("*.so*") if path.is_file() and not path.is_symlink()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
