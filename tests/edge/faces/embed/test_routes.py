"""The embed face over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from central_sync.terms.languages import Language
from edge.errors import JournalUnavailable
from edge.faces.embed import openapi
from edge.faces.limits import BODY_BYTES_MAX
from edge.outcome import Outcome
from tests.edge.faces.hospital import CONTEXT, NOON, Hospital

PACKET = {"person": {"kind": "ir_national_code", "number": "0499370899"}}


async def test_init_opens_the_day_and_signs_in_with_the_edges_own_msgid(hospital: Hospital) -> None:
    [sign_in] = hospital.desk.calls
    assert sign_in.number == "9001"
    assert json.loads(sign_in.packet) == {"business_day": "2026-03-01"}
    status, body = await hospital.post("init", {**CONTEXT, "workstation_key": hospital.key})
    assert (status, body["return_code"], body["business_day"]) == (200, 0, "2026-03-01")
    assert body["expires_at"] == "2026-03-01T20:30:00Z"
    assert body["sign_in"]["outcome"] == "final"
    assert body["error"] is None
    assert hospital.desk.calls[1].msgid == sign_in.msgid, "the same sign-in, so that it happens once"


async def test_after_a_refused_sign_in_the_next_init_signs_in_anew(hospital: Hospital) -> None:
    hospital.desk.outcome, hospital.desk.code = Outcome.REFUSED, "hub_fault"
    status, body = await hospital.post("init", {**CONTEXT, "workstation_key": hospital.key})
    assert (status, body["return_code"], body["token"], body["error"]["code"]) == (200, -2, "", "hub_fault")
    hospital.desk.outcome, hospital.desk.code = Outcome.FINAL, ""
    await hospital.sign_in()
    first, second, third = (call.msgid for call in hospital.desk.calls)
    assert first == second != third


@pytest.mark.parametrize("code", ["journal_full", "journal_unavailable", "clock_wrong", "shutting_down"])
async def test_a_sign_in_that_could_not_be_kept_ends_nobodys_cycle(hospital: Hospital, code: str) -> None:
    hospital.desk.outcome, hospital.desk.code = Outcome.REFUSED, code
    status, body = await hospital.post("init", {**CONTEXT, "workstation_key": hospital.key})
    assert (status, body["return_code"], body["sign_in"]["error"]["code"]) == (200, 0, code)
    hospital.desk.outcome, hospital.desk.code = Outcome.FINAL, ""
    assert (await hospital.call("uncertain"))[0] == 200, "the token of the program beside it still holds"
    await hospital.sign_in()
    assert len({call.msgid for call in hospital.desk.calls if call.number == "9001"}) == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"workstation_key": "wrong"}, 401, "workstation_refused"),
        ({"workstation": "desk-2"}, 401, "workstation_refused"),
        ({"institution": "H2"}, 400, "institution_wrong"),
        ({"operator": ""}, 400, "packet_invalid"),
        ({"workstation_key": None}, 400, "packet_invalid"),
        ({"colour": "red"}, 400, "packet_invalid"),
    ],
)
async def test_init_with_anything_wrong_gives_no_token(
    hospital: Hospital, change: dict[str, Any], status: int, code: str
) -> None:
    answer = await hospital.post("init", {**CONTEXT, "workstation_key": hospital.key, **change})
    assert (answer[0], answer[1]["return_code"], answer[1]["error"]["code"]) == (status, -2, code)
    assert "token" not in answer[1]
    assert len(hospital.desk.calls) == 1


async def test_what_maintenance_refuses_says_when_to_come_again_also_to_a_page(hospital: Hospital) -> None:
    hospital.desk.outcome, hospital.desk.code, hospital.desk.retry_after_s = Outcome.REFUSED, "maintenance", 90
    body = {"context": hospital.context, "number": "2201", "msgid": "m-1", "packet": PACKET}
    headers = {"Authorization": f"Bearer {hospital.token}", "Origin": "http://localhost"}
    async with hospital.http.post("/embed/v1/handle", json=body, headers=headers) as answer:
        told = await answer.json()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "90")
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost"
    assert (told["return_code"], told["outcome"], told["msgid"]) == (-2, "refused", "m-1")
    assert (told["error"]["code"], told["error"]["again"]) == ("maintenance", True)


async def test_handle_hands_over_the_call_as_it_came_and_gives_the_reply(hospital: Hospital) -> None:
    status, body = await hospital.call("handle", number="1101", msgid="m-1", packet=PACKET, deadline_ms=900)
    call = hospital.desk.calls[-1]
    assert (call.number, call.msgid, call.deadline_ms, json.loads(call.packet)) == ("1101", "m-1", 900, PACKET)
    assert (call.context.workstation, call.context.business_day.isoformat()) == ("desk-1", "2026-03-01")
    assert (status, body) == (
        200,
        {
            "return_code": 0,
            "outcome": "final",
            "msgid": "m-1",
            "number": "1101",
            "answer": {"hid": "1"},
            "confirmation": "none",
            "ticket": "",
            "error": None,
        },
    )


@pytest.mark.parametrize(
    ("outcome", "code", "return_code"),
    [
        (Outcome.FINAL, "", 0),
        (Outcome.PROVISIONAL, "", 0),
        (Outcome.IN_DOUBT, "", -1),
        (Outcome.REFUSED, "line_down", -2),
    ],
)
async def test_every_outcome_has_its_return_code_and_a_refusal_its_two_sentences(
    hospital: Hospital, outcome: Outcome, code: str, return_code: int
) -> None:
    hospital.desk.outcome, hospital.desk.code = outcome, code
    status, body = await hospital.call("handle", number="2207", msgid="m-1", packet={})
    assert (status, body["return_code"], body["outcome"]) == (200, return_code, outcome.value)
    if code:
        assert body["error"]["code"] == code
        assert body["error"]["fault"] == "line"
        assert body["error"]["again"] is True
        assert body["error"]["desk"]
        assert body["error"]["technician"]
    else:
        assert body["error"] is None


@pytest.mark.parametrize(
    ("path", "fields", "number", "packet"),
    [
        (
            "confirm",
            {"msgid": "c", "original_msgid": "m", "his_result": 0},
            "49",
            {"original_msgid": "m", "his_result": 0},
        ),
        (
            "reverse",
            {"msgid": "r", "original_msgid": "m", "original_number": "2207", "hid": "1" * 16},
            "2601",
            {"original_msgid": "m", "original_number": "2207", "hid": "1" * 16},
        ),
        ("query", {"original_msgid": "m"}, "43", {"original_msgid": "m"}),
        ("uncertain", {}, "44", {}),
        ("close", {}, "9002", {"business_day": "2026-03-01"}),
    ],
)
async def test_every_other_function_is_a_transaction_through_the_same_door(
    hospital: Hospital, path: str, fields: dict[str, Any], number: str, packet: dict[str, Any]
) -> None:
    status, body = await hospital.call(path, **fields)
    call = hospital.desk.calls[-1]
    assert (status, body["return_code"], call.number, json.loads(call.packet)) == (200, 0, number, packet)
    assert call.msgid == fields.get("msgid", call.msgid)
    assert call.msgid


@pytest.mark.parametrize("packet", [b"", b', "packet": null', b', "packet":   null '])
async def test_a_missing_packet_goes_on_empty_for_the_intake_to_refuse(hospital: Hospital, packet: bytes) -> None:
    body = b'{"number": "1101", "msgid": "m", "context": ' + json.dumps(CONTEXT).encode() + packet + b"}"
    status, _ = await hospital.post("handle", body, headers={"Authorization": f"Bearer {hospital.token}"})
    assert status == 200
    assert hospital.desk.calls[-1].packet == b""


async def test_the_token_may_stand_in_the_body_and_the_header_goes_first(hospital: Hospital) -> None:
    body = {"context": CONTEXT, "token": hospital.token}
    assert (await hospital.post("uncertain", body))[0] == 200
    wrong = {"Authorization": "Bearer wrong"}
    assert (await hospital.post("uncertain", body, headers=wrong))[0] == 401


@pytest.mark.parametrize(
    ("context", "status", "code"),
    [
        (None, 400, "context_missing"),
        ({**CONTEXT, "institution": "H2"}, 400, "institution_wrong"),
        ({**CONTEXT, "workstation": "desk-2"}, 401, "token_invalid"),
        ({"institution": "H1"}, 400, "context_missing"),
        ("H1", 400, "context_missing"),
    ],
)
async def test_the_context_is_held_against_the_edge_and_the_token(
    hospital: Hospital, context: Any, status: int, code: str
) -> None:
    answer = await hospital.call("uncertain", context=context)
    assert (answer[0], answer[1]["return_code"], answer[1]["error"]["code"]) == (status, -2, code)
    assert len(hospital.desk.calls) == 1


async def test_a_workstation_that_is_withdrawn_or_has_a_new_key_ends_at_once(hospital: Hospital) -> None:
    hospital.workstations.add("desk-1", NOON)
    assert (await hospital.call("uncertain"))[1]["error"]["code"] == "workstation_refused"
    hospital.workstations.remove("desk-1")
    assert (await hospital.call("uncertain"))[1]["error"]["code"] == "workstation_refused"


async def test_a_token_does_not_speak_for_another_operator(hospital: Hospital) -> None:
    status, body = await hospital.call("uncertain", context={**CONTEXT, "operator": "op-2"})
    assert (status, body["error"]["code"], body["error"]["detail"]) == (401, "token_invalid", "of another operator")


async def test_after_the_day_or_after_close_the_token_is_stale(hospital: Hospital) -> None:
    hospital.now = NOON + timedelta(days=1)
    status, body = await hospital.call("uncertain")
    assert (status, body["error"]["code"]) == (401, "cycle_closed")
    hospital.now = NOON
    assert (await hospital.call("close"))[0] == 200
    status, body = await hospital.call("uncertain")
    assert (status, body["error"]["code"]) == (401, "cycle_closed")
    await hospital.sign_in()
    assert (await hospital.call("uncertain"))[0] == 200


async def test_a_refused_close_leaves_the_day_open(hospital: Hospital) -> None:
    hospital.desk.outcome, hospital.desk.code = Outcome.REFUSED, "journal_unavailable"
    assert (await hospital.call("close"))[1]["return_code"] == -2
    hospital.desk.outcome, hospital.desk.code = Outcome.FINAL, ""
    assert (await hospital.call("uncertain"))[0] == 200


CONTEXT_JSON = b'"context": ' + json.dumps(CONTEXT).encode()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "packet_missing"),
        (b"  \n", 400, "packet_missing"),
        (b"{", 400, "packet_invalid"),
        (b"[]", 400, "packet_invalid"),
        (b'"handle"', 400, "packet_invalid"),
        (b"\xff\xfe{}", 400, "packet_not_utf8"),
        (b'{"number": "1101", "msgid": "\xb2\xe2"}', 400, "packet_not_utf8"),
        (b'{"number": "1101", "msgid": "m", "colour": "\xb2\xe2"}', 400, "packet_not_utf8"),
        (b"[" * 100_000, 400, "packet_invalid"),
        (b'{"number": "1101", "msgid": "m", "packet": ' + b"[" * 100_000, 400, "packet_too_deep"),
        (b'{"msgid": "m"}', 400, "number_unknown"),
        (b'{"number": 1101, "msgid": "m"}', 400, "number_unknown"),
        (b'{"number": "1101"}', 400, "msgid_invalid"),
        (b'{"number": "1101", "msgid": 7}', 400, "msgid_invalid"),
        (b'{"number": "1101", "msgid": "m", "deadline_ms": 1}', 400, "deadline_invalid"),
        (b'{"number": "1101", "msgid": "m", "deadline_ms": "soon"}', 400, "deadline_invalid"),
        (b'{"number": "1101", "msgid": "m", "deadline_ms": 1e99}', 400, "deadline_invalid"),
        (b'{"number": "1101", "msgid": "m", "colour": "red"}', 400, "packet_invalid"),
        (b'{"number": "1101", "msgid": "m"}', 400, "context_missing"),
        (b'{"number": "1101", "msgid": "m", ' + CONTEXT_JSON + b"}", 401, "token_invalid"),
        (b" " * (BODY_BYTES_MAX + 1), 413, "packet_too_large"),
    ],
)
async def test_a_damaged_call_is_answered_in_the_same_shape_and_reaches_nobody(
    hospital: Hospital, body: bytes, status: int, code: str
) -> None:
    answer = await hospital.post("handle", body)
    assert (answer[0], answer[1]["return_code"], answer[1]["outcome"]) == (status, -2, "refused")
    assert answer[1]["error"]["code"] == code
    assert len(hospital.desk.calls) == 1


async def test_a_body_with_a_byte_order_mark_is_read(hospital: Hospital) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"context": CONTEXT, "token": hospital.token}).encode()
    assert (await hospital.post("uncertain", body))[0] == 200


async def test_a_large_body_without_a_length_is_cut_off_too(hospital: Hospital) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 65536

    async with hospital.http.post("/embed/v1/handle", data=endless()) as response:
        assert response.status == 413
        assert (await response.json())["error"]["code"] == "packet_too_large"


@pytest.mark.parametrize("path", ["/", "/embed/v1/none", "/embed/v2/init", "/embed/v1/handle/x", "/%00"])
async def test_an_unknown_address_is_answered_in_the_same_shape(hospital: Hospital, path: str) -> None:
    answer = await hospital.post(path, {})
    assert (answer[0], answer[1]["return_code"], answer[1]["error"]["code"]) == (404, -2, "endpoint_unknown")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "handle"), ("PUT", "init"), ("POST", "status"), ("OPTIONS", "handle")]
)
async def test_a_wrong_method_is_answered_in_the_same_shape(hospital: Hospital, method: str, path: str) -> None:
    async with hospital.http.request(method, f"/embed/v1/{path}") as response:
        body = await response.json()
    assert (response.status, body["return_code"], body["error"]["code"]) == (405, -2, "method_wrong")


async def test_a_fault_of_ours_is_never_called_a_refusal(hospital: Hospital) -> None:
    hospital.desk.fault = RuntimeError("0499370899")
    status, body = await hospital.call("handle", number="2207", msgid="m", packet={})
    assert (status, body["return_code"], body["outcome"], body["error"]["code"]) == (500, -1, "in_doubt", "edge_fault")
    assert "0499370899" not in json.dumps(body)


async def test_a_journal_that_cannot_write_gives_no_token(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    await hospital.journal.close()
    monkeypatch.setattr(hospital.journal, "remember", _unavailable)
    status, body = await hospital.post("init", {**CONTEXT, "workstation_key": hospital.key})
    assert (status, body["return_code"], body["error"]["code"]) == (503, -2, "journal_unavailable")


async def _unavailable(*_: object) -> None:
    raise JournalUnavailable


async def test_status_needs_no_token_and_names_nobody(hospital: Hospital) -> None:
    async with hospital.http.get("/embed/v1/status") as response:
        body = await response.json()
    assert (response.status, body["return_code"], body["line"], body["hids_left"]) == (200, 0, "up", 9)
    assert "op-1" not in json.dumps(body)


async def test_the_document_of_the_face_is_served(hospital: Hospital) -> None:
    async with hospital.http.get("/embed/v1/openapi.json") as response:
        assert await response.json() == json.loads(json.dumps(openapi.build()))


async def test_a_transaction_may_quote_the_read_of_a_card_and_nothing_else_may(hospital: Hospital) -> None:
    await hospital.call("handle", number="2201", msgid="m-1", packet=PACKET, card_read="read-1")
    await hospital.call("handle", number="2201", msgid="m-2", packet=PACKET)
    assert [call.card_read for call in hospital.desk.calls[1:]] == ["read-1", ""]
    for path, more in (("handle", {"number": "2201", "packet": PACKET, "card_read": "x" * 65}), ("query", {})):
        status, body = await hospital.call(path, **{"msgid": "m-3", "card_read": "read-1", **more})
        assert (status, body["error"]["code"]) == (400, "packet_invalid")


REASON = {
    "rule": "ir.bands", "text": "In English.", "amount": 5, "kind": "band", "less": [], "times": 1, "reference": "x",
    "from_day": "2025-03-21", "values": {"band": 1, "bands": 1, "ratio": "7/10"}, "names": {"fa": "فرانشیز سرپایی"},
}  # fmt: skip
SETTLED = {"hid": "H", "currency": "IRR", "shares": [{"trace": [REASON]}], "patient_trace": []}


@pytest.mark.parametrize(
    ("field", "header", "text"),
    [
        (None, "", "In English."),
        (None, "de, *", "In English."),
        (None, "en, fa;q=0.5", "In English."),
        (None, "fa-IR, en;q=0.5", "فرانشیز سرپایی: سهم سازمان \u2068۷۰٪\u2069 است و بقیه سهم بیمار."),
        ("zh", "fa", "支付比例：支付70%，此为其余由个人负担的部分。"),
        ("en", "fa", "In English."),
    ],
)
async def test_reasons_are_told_in_the_language_of_the_caller(
    hospital: Hospital, field: str | None, header: str, text: str
) -> None:
    hospital.desk.answer = SETTLED
    call = {"number": "2206", "msgid": "m-1", "packet": {}, **({"language": field} if field else {})}

    _, body = await hospital.call("handle", headers={"Accept-Language": header} if header else {}, **call)

    assert body["answer"]["shares"][0]["trace"][0] == REASON | {"text": text}
    assert body["answer"] | {"shares": 0} == SETTLED | {"shares": 0}
    assert SETTLED["shares"][0]["trace"][0]["text"] == "In English.", "what is kept stays as it was"


async def test_what_an_answer_does_not_name_in_the_callers_language_is_named_by_the_rulebook_in_use(
    hospital: Hospital,
) -> None:
    hospital.desk.answer = SETTLED
    hospital.names = {"ir.bands": "门诊支付"}
    _, body = await hospital.call("handle", number="2206", msgid="m-1", packet={}, language="zh")
    assert body["answer"]["shares"][0]["trace"][0]["text"].startswith("门诊支付：支付70%")


@pytest.mark.parametrize(
    ("more", "header", "language", "accepts"),
    [
        ({}, "", None, None),
        ({"language": "fa"}, "zh", Language.FA, Language.ZH),
        ({}, "de, zh;q=0.3", None, Language.ZH),
    ],
)
async def test_a_call_carries_what_its_caller_reads(
    hospital: Hospital, more: dict[str, str], header: str, language: Language | None, accepts: Language | None
) -> None:
    headers = {"Accept-Language": header} if header else {}
    await hospital.call("handle", headers=headers, number="3101", msgid="m-1", packet={}, **more)
    call = hospital.desk.calls[-1]
    assert (call.language, call.accepts) == (language, accepts)


async def test_a_refusals_sentence_for_the_desk_is_told_in_the_language_of_the_caller(hospital: Hospital) -> None:
    hospital.desk.outcome, hospital.desk.code, hospital.desk.answer = Outcome.REFUSED, "line_down", None
    for language, word in (("en", "insurer"), ("fa", "بیمه"), ("zh", "医保")):
        _, body = await hospital.call("handle", number="2206", msgid="m-1", packet={}, language=language)
        assert word in body["error"]["desk"]
        assert body["error"]["technician"].startswith("The hub could not be reached")


async def test_a_language_that_nobody_speaks_is_refused_in_the_body(hospital: Hospital) -> None:
    status, body = await hospital.call("query", original_msgid="m-1", language="de")

    assert (status, body["error"]["code"], body["error"]["detail"]) == (400, "packet_invalid", "$.language")
