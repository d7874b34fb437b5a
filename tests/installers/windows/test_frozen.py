"""What build.ps1 asks of Python on the builder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from installers import freeze
from installers.windows import build, frozen


def test_every_file_of_the_program_is_hashed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "_internal").mkdir()
    (tmp_path / "pishkhan-edge.exe").write_bytes(b"signed")
    (tmp_path / "_internal" / "python311.dll").write_bytes(b"core")
    assert frozen.main(["--version", "1.2.3", "--hash", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "release.json")
    told = json.loads((tmp_path / "release.json").read_text())
    assert (told["version"], set(told["files"])) == ("1.2.3", {"pishkhan-edge.exe", "_internal/python311.dll"})
    assert build.differing(tmp_path) == []


def test_what_pyinstaller_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> Path:
        raise freeze.NotFrozen("pishkhan-edge: no such module")

    monkeypatch.setattr(freeze, "freeze", fails)
    assert frozen.main(["--version", "1.2.3", str(tmp_path / "made")]) == 1
    assert "no such module" in capsys.readouterr().err


def test_what_it_is_made_of_lies_in_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "freeze", lambda *_: tmp_path)
    monkeypatch.setattr(freeze, "modules_of", lambda *_: ["aiohttp.web", "msgspec", "edge.app"])
    assert frozen.frozen("1.2.3", tmp_path / "made") == tmp_path
    told = json.loads((tmp_path / "pishkhan-edge-1.2.3.cdx.json").read_text())
    assert {"aiohttp", "msgspec", "CPython"} <= {one["name"] for one in told["components"]}
