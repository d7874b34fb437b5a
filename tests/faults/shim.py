"""A bad disk for one folder of a program that a test starts: see shim.c, which is compiled on first use.

    with Shim(folder, control=tmp_path / "control", trace=tmp_path / "trace") as shim:
        program = subprocess.Popen(command, env=os.environ | shim.environment())
        shim["sync_delay_us"] = 10_000          # from now on, in the running program

Every number of :data:`FIELDS` may be set and read at any time; what each means stands in shim.c. The folder must exist.
"""

from __future__ import annotations

import functools
import hashlib
import mmap
import os
import struct
import subprocess
import tempfile
from pathlib import Path

FIELDS = (
    "sync_delay_us", "sync_fail_in", "sync_fail_times", "write_fail_in", "write_fail_times", "write_fail_errno", "write_torn",
    "room_bytes", "kill_in", "read_only", "wal_only", "skip_sync", "syncs", "writes", "written_bytes", "failed", "calls",
)  # fmt: skip
"""The numbers of ``struct control`` in shim.c, in its order."""
SOURCE = Path(__file__).with_name("shim.c")
NUMBER = struct.Struct("=q")


@functools.cache
def library() -> Path:
    """The compiled shim, made once for each source and user; needs ``cc`` and the C library's headers (libc6-dev)."""
    name = f"pishkhan-shim-{os.getuid()}-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    made = Path(tempfile.gettempdir()) / name
    if not made.exists():
        handle, fresh = tempfile.mkstemp(suffix=".so")
        os.close(handle)
        command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", fresh, str(SOURCE), "-ldl", "-lpthread"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the shim does not compile: {done.stderr}")
        Path(fresh).rename(made)
    return made


def set_now(**numbers: int) -> None:
    """From inside a program behind the shim: the same numbers, for itself."""
    handle = os.open(os.environ["FAULTS_CONTROL"], os.O_RDWR | os.O_CLOEXEC)
    try:
        for name, value in numbers.items():
            os.pwrite(handle, NUMBER.pack(value), NUMBER.size * FIELDS.index(name))
    finally:
        os.close(handle)


class Shim:
    """The disk under ``folder``, good until told otherwise."""

    def __init__(self, folder: Path, control: Path, trace: Path | None = None, **numbers: int) -> None:
        self.folder = folder
        self.control = control
        self.trace = trace
        self._first = numbers
        self._memory: mmap.mmap | None = None

    def __enter__(self) -> Shim:
        self.control.write_bytes(bytes(NUMBER.size * len(FIELDS)))
        with self.control.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        for name, value in ({"room_bytes": -1, "write_fail_errno": 5} | self._first).items():
            self[name] = value
        return self

    def __exit__(self, *_: object) -> None:
        assert self._memory is not None
        self._memory.close()

    def environment(self) -> dict[str, str]:
        """What a program's environment must hold, besides what it has."""
        found = {
            "LD_PRELOAD": str(library()),
            "FAULTS_FOLDER": str(self.folder),
            "FAULTS_CONTROL": str(self.control),
        }
        return found | ({"FAULTS_TRACE": str(self.trace)} if self.trace else {})

    def __setitem__(self, name: str, value: int) -> None:
        assert self._memory is not None
        NUMBER.pack_into(self._memory, NUMBER.size * FIELDS.index(name), value)

    def __getitem__(self, name: str) -> int:
        assert self._memory is not None
        found: int = NUMBER.unpack_from(self._memory, NUMBER.size * FIELDS.index(name))[0]
        return found
