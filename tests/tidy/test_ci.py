"""The CI script calls everything, and a skipped test makes its run red."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree


def test_ci_calls_check_test_and_proof() -> None:
    lines = tree.text(Path(".ci/run")).splitlines()
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test", "make proof"]
    assert os.access(tree.ROOT / ".ci" / "run", os.X_OK)


TEST = "def test_a():\n    pytest.skip('why')\n"
MODULE = "pytest.skip('why', allow_module_level=True)\n"


@pytest.mark.parametrize(
    ("ci", "body", "workers", "status"),
    [("true", TEST, "1", 1), ("true", MODULE, "1", 1), ("true", TEST, "0", 1), ("", TEST, "0", 0)],
)
def test_a_skipped_test_fails_a_run_in_ci_and_only_there(
    tmp_path: Path, ci: str, body: str, workers: str, status: int
) -> None:
    shutil.copy(tree.ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
    (tmp_path / "test_one.py").write_text(f"import pytest\n{body}", encoding="utf-8")
    (tmp_path / "test_two.py").write_text("def test_b():\n    pass\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "-n", workers, tmp_path],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "PYTEST_ADDOPTS": ""},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stdout + done.stderr
