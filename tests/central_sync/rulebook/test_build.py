"""A rulebook compiles to the same bytes wherever it lies."""

from __future__ import annotations

import shutil

import pytest

from central_sync.benefits import compiled
from central_sync.rulebook import audit_rules
from central_sync.rulebook.build import build
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError
from tests.central_sync.rulebook.mistakes import copied


def test_the_same_content_is_the_same_bundle_wherever_it_lies(tmp_path):
    whole = build()
    shutil.copytree(PACKAGED / "rules", copied(tmp_path) / "rules")
    assert compiled.packed(build(tmp_path)) == compiled.packed(whole)
    assert whole.rulebook == load()
    assert whole.audit == audit_rules.compiled(PACKAGED, load())


def test_a_folder_without_audit_rules_is_half_a_rulebook(tmp_path):
    with pytest.raises(RulebookError, match=r"rules/sources\.yaml"):
        build(copied(tmp_path))


def test_what_comes_next_is_told():
    said = []
    build(step=said.append)
    assert said == ["schemes and tariffs", "audit rules"]
