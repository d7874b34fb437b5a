"""A rulebook compiles to the same bytes wherever it lies."""

from __future__ import annotations

from central_sync.benefits import bundle
from central_sync.rulebook.build import build
from central_sync.rulebook.load import load
from tests.central_sync.rulebook.mistakes import copied


def test_the_same_content_is_the_same_bundle_wherever_it_lies(tmp_path):
    assert build(copied(tmp_path)) == build() == bundle.packed(load())
