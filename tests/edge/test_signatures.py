"""A signature holds if a signer of the authority made it over exactly this text, while its certificate was valid."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge import signatures
from edge.errors import ReceiptInvalid
from tests.edge.rulebook_hub import AT, RulebookHub


def test_only_the_signer_over_the_text_in_its_time_is_believed(tmp_path):
    hub = RulebookHub(tmp_path)
    known = signatures.read(hub.signer.certificates(), hub.authority_file.read_bytes())
    name, signature = hub.signer.name, hub.signer.sign(b"text")
    signatures.check(known, name, signature, b"text", AT)
    for wrong in (
        (name, signature, b"other", AT),
        ("", signature, b"text", AT),
        ("0" * 16, signature, b"text", AT),
        (name, signature, b"text", AT + timedelta(days=9_000)),
    ):
        with pytest.raises(ReceiptInvalid):
            signatures.check(known, *wrong)


def test_an_authority_that_is_no_certificate_is_an_error(tmp_path):
    hub = RulebookHub(tmp_path)
    with pytest.raises(ValueError, match=r".+"):
        signatures.read(hub.signer.certificates(), b"none")
