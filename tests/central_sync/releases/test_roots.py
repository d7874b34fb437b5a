"""The root: it counts when two of its keys, and two of the one before it, have signed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from central_sync.releases.metadata import ReleasesError
from tests.releases import Centre

NOW = datetime.now(UTC)


def test_a_root_counts_with_the_second_signature_and_not_before(tmp_path):
    centre = Centre(tmp_path)
    roots = centre.repository.roots
    assert roots.begin(centre.public("root-1", "root-2", "root-3"), centre.public("release"), NOW).missing_own == 2
    assert roots.sign(centre.signer("root-3")).missing_own == 1
    assert roots.sign(centre.signer("root-3")).missing_own == 1, "the same key again is no second signature"
    assert roots.current() is None
    assert roots.sign(centre.signer("root-1")).missing_own == 0
    assert roots.current().signed.version == 1
    assert roots.pending() is None


def test_a_key_that_is_not_the_roots_has_no_say(tmp_path):
    centre = Centre(tmp_path)
    roots = centre.repository.roots
    roots.begin(centre.public("root-1", "root-2"), centre.public("release"), NOW)
    for name in ("stranger", "release"):
        with pytest.raises(ReleasesError, match="none of the root's"):
            roots.sign(centre.signer(name))


def test_the_next_root_needs_both_the_old_keys_and_its_own(tmp_path):
    centre = Centre(tmp_path).opened()
    roots = centre.repository.roots
    pending = roots.change(centre.public("root-3", "stranger"), [], NOW)
    assert (pending.version, pending.missing_old, pending.missing_own) == (2, 2, 2)
    assert roots.sign(centre.signer("stranger")).missing_old == 2
    assert roots.sign(centre.signer("root-3")).missing_old == 1
    assert roots.current().signed.version == 1
    assert roots.sign(centre.signer("root-1")).missing_old == 0
    assert roots.current().signed.version == 2


@pytest.mark.parametrize(
    ("root_keys", "release_keys"),
    [
        (["root-1"], ["release"]),
        (["root-1", "root-2"], []),
        (["root-1", "root-1"], ["release"]),
        (["root-1", "release"], ["release"]),
    ],
)
def test_too_few_keys_and_keys_with_two_purposes_are_refused(tmp_path, root_keys, release_keys):
    centre = Centre(tmp_path)
    with pytest.raises(ReleasesError):
        centre.repository.roots.begin(centre.public(*root_keys), centre.public(*release_keys), NOW)


def test_a_second_beginning_is_refused(tmp_path):
    centre = Centre(tmp_path).opened()
    with pytest.raises(ReleasesError, match="a root already"):
        centre.repository.roots.begin(centre.public("root-1", "root-2"), centre.public("release"), NOW)


def test_without_a_root_nothing_can_be_changed_or_signed(tmp_path):
    centre = Centre(tmp_path)
    with pytest.raises(ReleasesError, match="no root yet"):
        centre.repository.roots.change([], [], NOW)
    with pytest.raises(ReleasesError, match="pending"):
        centre.repository.roots.sign(centre.signer("root-1"))
