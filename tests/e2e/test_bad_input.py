"""Bad input over HTTP against a real edge and hub: each is refused in the right words, and each leaves nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from central_sync.wire.limits import PACKET_BYTES_MAX
from tests.e2e.town import NAME, NATIONAL_CODE, PERSON, VISIT, Desk, Town, settle


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.handle("1101", {"person": PERSON})  # the line is up
        yield made


def raw(town: Town, packet: bytes, number: str = "1101") -> tuple[int, dict[str, Any]]:
    """A call whose packet goes as these bytes."""
    context = json.dumps(town.context)
    body = f'{{"number": "{number}", "msgid": "{town.msgid()}", "context": {context}'.encode()
    body += b', "packet": ' + packet if packet else b""
    return town.post("handle", body + b"}", Authorization=f"Bearer {town.token}")


def nested(levels: int) -> bytes:
    return b'{"person": ' * levels + b"1" + b"}" * levels


AT_THE_EDGE: list[tuple[str, Callable[[Town], tuple[int, dict[str, Any]]], int, str]] = [
    ("an unknown number", lambda t: raw(t, b"{}", "9999"), 200, "number_unknown"),
    ("no number", lambda t: raw(t, b"{}", ""), 200, "number_unknown"),
    ("no packet", lambda t: raw(t, b""), 200, "packet_missing"),
    ("a null packet", lambda t: raw(t, b"null"), 200, "packet_missing"),
    ("a list for a packet", lambda t: raw(t, b"[1, 2]"), 200, "packet_invalid"),
    ("a text for a packet", lambda t: raw(t, b'"1101"'), 200, "packet_invalid"),
    ("a number for a packet", lambda t: raw(t, b"7"), 200, "packet_invalid"),
    ("a field of a wrong type", lambda t: raw(t, b'{"person": {"kind": 1, "number": 2}}'), 200, "packet_invalid"),
    ("an unknown field", lambda t: raw(t, b'{"persn": {}}'), 200, "packet_invalid"),
    ("a packet cut off", lambda t: raw(t, b'{"person": '), 400, "packet_invalid"),
    ("a packet too large", lambda t: raw(t, b'"' + b"x" * PACKET_BYTES_MAX + b'"'), 200, "packet_too_large"),
    ("a body too large", lambda t: raw(t, b'"' + b"x" * 2 * PACKET_BYTES_MAX + b'"'), 413, "packet_too_large"),
    ("a packet not UTF-8", lambda t: raw(t, b'{"person": "\xd5\xc5"}'), 400, "packet_not_utf8"),
    ("a packet nested too deep", lambda t: raw(t, nested(9)), 200, "packet_too_deep"),
    ("a packet nested without end", lambda t: raw(t, nested(20_000)), 400, "packet_too_deep"),
    ("a wrong token", lambda t: t.post("uncertain", {"context": t.context, "token": "wrong"}), 401, "token_invalid"),
    ("no token", lambda t: t.post("uncertain", {"context": t.context}), 401, "token_invalid"),
    (
        "a wrong institution",
        lambda t: t.call("uncertain", context={**t.context, "institution": "H999"}),
        400,
        "institution_wrong",
    ),
    (
        "a token of another workstation",
        lambda t: t.call("uncertain", context={**t.context, "workstation": "desk-2"}),
        401,
        "token_invalid",
    ),
    ("an empty msgid", lambda t: t.call("handle", number="1101", msgid="", packet={}), 200, "msgid_invalid"),
    ("a msgid with a space", lambda t: t.call("handle", number="1101", msgid="a b", packet={}), 200, "msgid_invalid"),
    (
        "a deadline of no time",
        lambda t: t.call("handle", number="1101", msgid="m", packet={}, deadline_ms=0),
        400,
        "deadline_invalid",
    ),
    ("an unknown address", lambda t: t.call("destroy"), 404, "endpoint_unknown"),
    ("a stranger's page", lambda t: t.post("uncertain", {}, Origin="https://evil.example"), 403, "origin_refused"),
]


@pytest.mark.parametrize(
    ("call", "status", "code"), [row[1:] for row in AT_THE_EDGE], ids=[row[0] for row in AT_THE_EDGE]
)
def test_a_damaged_call_is_refused_and_leaves_nothing(
    town: Town, call: Callable[[Town], tuple[int, dict[str, Any]]], status: int, code: str
) -> None:
    before = town.kept(), town.asked(), town.done()
    answer = call(town)
    assert (answer[0], answer[1]["return_code"], answer[1]["error"]["code"]) == (status, -2, code)
    assert (town.kept(), town.asked(), town.done()) == before


def refused_at_the_edge(town: Town, number: str, packet: Any, code: str) -> None:
    before = town.kept(), town.asked(), town.done()
    body = town.handle(number, packet)
    assert (body["return_code"], body["error"]["code"]) == (-2, code), body
    assert (town.kept(), town.asked(), town.done()) == before


def refused_by_the_hub(town: Town, number: str, packet: Any, code: str) -> None:
    """What only the hub can know is kept as refused, at both ends, and changes nothing else."""
    msgid, happened = town.msgid(), town.done()
    body = town.handle(number, packet, msgid)
    assert (body["return_code"], body["outcome"], body["error"]["code"]) == (-2, "refused", code), body
    assert town.done() == happened
    entries, asked = town.kept(), town.asked()
    assert town.handle(number, packet, msgid) == body, "asked again, it is refused again"
    assert (town.kept(), town.asked(), town.done()) == (entries, asked, happened)


def test_a_national_code_with_a_wrong_check_digit_is_refused(town: Town) -> None:
    wrong = {**PERSON, "number": NATIONAL_CODE[:-1] + "8"}
    refused_at_the_edge(town, "1101", {"person": wrong}, "identifier_invalid")
    refused_at_the_edge(town, "2201", {**town.registration(), "person": wrong}, "identifier_invalid")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"amount": -920000}, "packet_invalid"),
        ({"amount": 920000.5}, "packet_invalid"),
        ({"amount": "920000"}, "packet_invalid"),
        ({"amount": 920001}, "amounts_do_not_add_up"),
        ({"quantity": "2"}, "amounts_do_not_add_up"),
        ({"quantity": "-1"}, "packet_invalid"),
        ({"quantity": "1e3"}, "packet_invalid"),
        ({"amount": 10**15 + 1}, "packet_invalid"),
    ],
)
def test_amounts_negative_fractional_or_not_adding_up_are_refused(town: Town, line: dict[str, Any], code: str) -> None:
    hid = town.case()
    fees = {"hid": hid, "currency": "IRR", "lines": [{"serial": "9", "service_date": town.today, **VISIT, **line}]}
    refused_at_the_edge(town, "2204", fees, code)


def test_a_total_that_is_not_the_bills_is_refused(town: Town) -> None:
    refused_by_the_hub(town, "2207", settle(town.case(), 920_001), "amounts_do_not_add_up")


def test_another_currency_is_refused(town: Town) -> None:
    refused_at_the_edge(town, "2207", {**settle(town.case()), "currency": "CNY"}, "currency_wrong")


def test_a_diagnosis_that_does_not_exist_is_refused(town: Town) -> None:
    visit = {"hid": town.case(), "diagnoses": [{"code": "J99.999", "main": True}]}
    refused_by_the_hub(town, "2203", visit, "diagnosis_unknown")


def test_fees_for_a_closed_case_are_refused(town: Town) -> None:
    hid, _, _ = town.settled()
    refused_by_the_hub(town, "2204", town.fees(hid, "2"), "case_closed")


def test_settling_twice_is_refused(town: Town) -> None:
    hid, _, _ = town.settled()
    refused_by_the_hub(town, "2207", settle(hid), "already_settled")


def test_a_confirm_of_what_was_never_settled_is_refused(town: Town) -> None:
    refused_by_the_hub(town, "49", {"original_msgid": "never-was", "his_result": 0}, "settlement_unknown")


def test_reversing_twice_is_refused(town: Town) -> None:
    _, settled, _ = town.settled()
    reversal = {"original_msgid": settled, "original_number": "2207"}
    assert town.handle("2601", reversal)["answer"]["effect"] == "reversed"
    refused_by_the_hub(town, "2601", reversal, "already_undone")


def test_reversing_what_cannot_be_reversed_is_refused(town: Town) -> None:
    msgid, hid = town.msgid(), town.case()
    town.handle("2203", {"hid": hid, "diagnoses": [{"code": "J18.9", "main": True}]}, msgid)
    refused_by_the_hub(town, "2601", {"original_msgid": msgid, "original_number": "2203"}, "original_not_reversible")


def test_a_strangers_settlement_stays_whatever_another_hospital_says(town: Town) -> None:
    hid, settled, answer = town.settled()
    stranger: Desk = town.neighbour("H002")
    happened = town.done()
    named = {"original_msgid": settled, "original_number": "2207"}
    assert stranger.handle("2601", {**named, "hid": hid})["error"]["code"] in ("case_unknown", "original_mismatch")
    never = stranger.handle("2601", named)
    assert never["answer"]["effect"] == "never_applied", "it is no transaction of theirs"
    assert stranger.handle("2208", {"hid": hid, "settlement_id": answer["settlement_id"]})["return_code"] == -2
    assert stranger.handle("2204", stranger.fees(hid, "7"))["return_code"] == -2
    assert town.done() == happened
    assert town.call("query", original_msgid=settled)[1]["answer"]["confirmation"] == "awaited"


def test_a_msgid_with_another_packet_is_refused(town: Town) -> None:
    msgid = town.msgid()
    town.handle("2201", town.registration(), msgid)
    before = town.kept(), town.asked(), town.done()
    other = {**town.registration(), "department": "surgery"}
    assert town.handle("2201", other, msgid)["error"]["code"] == "msgid_reused"
    assert (town.kept(), town.asked(), town.done()) == before


def test_a_stale_token_is_refused(town: Town) -> None:
    """Last of those that sign in: it closes the day and opens it again."""
    stale = town.token
    assert town.call("close")[1]["return_code"] == 0
    before = town.kept(), town.asked(), town.done()
    status, body = town.post("uncertain", {"context": town.context, "token": stale})
    assert (status, body["error"]["code"]) == (401, "cycle_closed")
    assert (town.kept(), town.asked(), town.done()) == before
    town.sign_in()


def test_no_log_of_any_program_holds_a_name_a_number_a_key_or_a_token(town: Town, tmp_path: Path) -> None:
    """After all of the above, with faults of all kinds."""
    logs = town.logs()
    assert '"the edge listens"' in logs
    for planted in (NAME, NAME.split()[0], NATIONAL_CODE, NATIONAL_CODE[:-1], "op-17", town.key, town.token):
        assert planted not in logs
        assert json.dumps(planted).strip('"') not in logs
    audit = (town.edge_folder / "audit.jsonl").read_text()
    assert "signed_in" in audit
    assert not any(planted in audit for planted in (NAME, NATIONAL_CODE, "op-17", town.key, town.token))
