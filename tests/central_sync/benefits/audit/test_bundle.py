"""The audit's bundle: the same bytes for the same rules, and no other bytes are taken."""

from __future__ import annotations

import msgspec
import pytest

from central_sync.benefits.audit.bundle import packed, unpacked, versioned
from central_sync.benefits.bundle import BundleBroken
from tests.central_sync.benefits.audit.cases import shipped


def test_a_bundle_comes_back_as_it_was():
    assert unpacked(packed(shipped())) == shipped()


def test_one_changed_word_is_another_version():
    rules = dict(shipped().rules)
    key = min(rules)
    rules[key] = msgspec.structs.replace(rules[key], desk="Do something else instead.")
    changed = msgspec.structs.replace(shipped(), rules=rules)

    assert versioned(changed).version != shipped().version
    with pytest.raises(BundleBroken):
        unpacked(packed(changed))


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"version": 1}', b"\xff"])
def test_bytes_that_are_no_bundle_are_not_taken(body):
    with pytest.raises(BundleBroken):
        unpacked(body)


def test_a_wording_holds_on_its_first_and_its_last_day():
    first, second = sorted(
        (rule for rule in shipped().rules.values() if rule.rule == "STA-10"), key=lambda rule: rule.from_day
    )

    assert first.to_day is not None
    assert first.holds(first.from_day)
    assert first.holds(first.to_day)
    assert not first.holds(second.from_day)
    assert second.holds(second.from_day)
