"""The shim as programs see it: the ``.so`` in this process, and any library in a program of its own."""

from __future__ import annotations

import ctypes
import functools
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from installers.shim import build

HERE = Path(__file__).resolve().parent
ROOM = 1 << 14


@dataclass(frozen=True)
class Said:
    """What a call gave: its return value, the bytes in the buffer, the size that it told."""

    code: int
    text: bytes
    size: int


@functools.cache
def folder() -> Path:
    """Where this run's libraries lie."""
    made = tempfile.TemporaryDirectory(prefix="shim-", ignore_cleanup_errors=True)
    _kept.append(made)
    return Path(made.name)


_kept: list[tempfile.TemporaryDirectory] = []


@functools.cache
def built(name: str) -> Path:
    """The library of that name, compiled once."""
    target = next(target for target in build.TARGETS if target.name == name)
    return build.build(target, folder())


@functools.cache
def caller(compiler: str) -> Path:
    """The program that calls a library by a script."""
    made = folder() / ("caller.exe" if "mingw" in compiler else "caller") / compiler
    made.parent.mkdir(exist_ok=True)
    libraries = ["-static"] if "mingw" in compiler else ["-ldl"]
    made = made.with_name(f"{compiler}.exe")
    return build.compile_sources(compiler, [HERE / "caller.c"], ["-O1"], libraries, made)


class Library:
    """``libpishkhan.so`` by ctypes. Its settings are this process's: a test sets those it means."""

    def __init__(self) -> None:
        self._loaded = ctypes.CDLL(str(built("libpishkhan.so")))

    def option(self, name: str, value: bytes | str) -> int:
        """OPTION."""
        return self._loaded.OPTION(name.encode(), value.encode() if isinstance(value, str) else value)

    def call(self, name: str, given: bytes | str, room: int = ROOM) -> Said:
        """Any function with three arguments; what lies behind the buffer must not be touched."""
        return self._called(name, given.encode() if isinstance(given, str) else given, room)

    def answer(self, room: int = ROOM) -> Said:
        """ANSWER."""
        return self._called("ANSWER", None, room)

    def raw(self, name: str, *arguments: object) -> int:
        """A call with arguments as they are."""
        return getattr(self._loaded, name)(*arguments)

    def _called(self, name: str, given: bytes | None, room: int) -> Said:
        guard = b"\x5a" * 16
        out = ctypes.create_string_buffer(b"\0" * room + guard, room + len(guard))
        size = ctypes.c_int(room)
        arguments = [out, ctypes.byref(size)]
        code = getattr(self._loaded, name)(*([given] if given is not None else []), *arguments)
        assert out.raw[room:] == guard, "it wrote behind the buffer"
        return Said(code, out.raw[:room].split(b"\0")[0], size.value)


def scripted(
    command: Sequence[str | Path], library: str, script: Iterable[bytes], where: Path, **more: object
) -> list[Said]:
    """What the calls of ``script`` gave in a program of its own; the program must have come to its end."""
    (where / "script").write_bytes(b"".join(line + b"\n" for line in script))
    answers = where / "answers"
    answers.unlink(missing_ok=True)
    # into files: what Wine leaves running would hold a pipe open
    with (where / "out").open("wb") as out, (where / "err").open("wb") as err:
        status = subprocess.run(
            [*command, library, "script", "answers"], cwd=where, check=False, timeout=110, stdin=subprocess.DEVNULL, stdout=out, stderr=err, **more
        ).returncode  # fmt: skip
    printed, failed = (where / "out").read_bytes().strip(), (where / "err").read_bytes()
    # a 32-bit program under a 64-bit wine ends with 0 and has done nothing: only its own word counts
    assert (status, printed) == (0, b"done"), (status, printed, failed[-2000:])
    return _read(answers.read_bytes())


def _read(told: bytes) -> list[Said]:
    found = []
    while told:
        head, _, rest = told.partition(b"\n")
        _, code, size, length = head.split()
        found.append(Said(int(code), rest[: int(length)], int(size)))
        told = rest[int(length) + 1 :]
    return found


class Together:
    """Runs the same work in many threads at once; what failed in one fails the test."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._failed: list[BaseException] = []

    def run(self, work) -> None:
        """``work(number)`` in each thread."""

        def guarded(number: int) -> None:
            try:
                work(number)
            except BaseException as error:  # noqa: BLE001 - told to the test, whatever it is
                self._failed.append(error)

        threads = [threading.Thread(target=guarded, args=(number,)) for number in range(self._count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failed:
            raise self._failed[0]


def re_faults(source: str) -> list[tuple[str, str]]:
    """Code and return value of every row of faults.c."""
    return re.findall(r'^    \{"(\w+)", (-\d),', source, re.MULTILINE)


def exported(path: Path) -> set[str]:
    """The names that a shared object gives to others."""
    told = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, check=True, text=True).stdout
    return {line.split()[-1] for line in told.splitlines()}
