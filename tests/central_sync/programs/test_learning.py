"""Types are learned before threads read them: two at once would end the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from central_sync.programs.learning import learn_types
from tests.tidy import tree

READS_AT_ONCE = """
from __future__ import annotations
import sys, threading
from msgspec import Struct, json
from central_sync.programs.learning import learn_types
sys.setswitchinterval(1e-6)
def define(number):
    names = [f"f{n}" for n in range(40)]
    lines = [f"class Inner{number}(Struct):", *(f"    {name}: int | str | None = None" for name in names)]
    lines += [f"class Outer{number}(Struct):", *(f"    {name}: list[Inner{number}] = []" for name in names)]
    exec("\\n".join(lines), globals())
    return globals()[f"Outer{number}"]
def read(kind, ready):
    ready.wait()
    json.decode(b'{"f39": [{"f39": 1, "f1": "x"}], "f1": [{"f2": 2}]}', type=kind)
for number in range(150):
    kind = define(number)
    learn_types()
    ready = threading.Barrier(4)
    threads = [threading.Thread(target=read, args=(kind, ready)) for _ in range(4)]
    for one in threads: one.start()
    for one in threads: one.join()
"""


def test_threads_that_read_what_was_learned_do_not_end_the_process() -> None:
    """Without the learning it ends at once, by SIGSEGV."""
    done = subprocess.run([sys.executable, "-c", READS_AT_ONCE], cwd=tree.ROOT, check=False, timeout=100)
    assert done.returncode == 0


def test_what_is_only_half_imported_is_learned_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_imported.py").write_text(
        "from __future__ import annotations\n"
        "from msgspec import Struct\n"
        "from central_sync.programs.learning import _learned, learn_types\n"
        "class First(Struct):\n    then: Second\n"
        "learn_types()\n"
        "early = First in _learned\n"
        "class Second(Struct):\n    number: int\n"
        "learn_types()\n"
        "late = {First, Second} <= _learned\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    module = __import__("half_imported")
    assert (module.early, module.late) == (False, True)
    learn_types()
