"""What is fuzzed, and what must hold: a parser gives a result that is well formed, or says no in the way that it promises. Nothing else gets out.

A target takes bytes. For a kind of card the bytes are an ATR's place in a list, and the card's answers one after the other, each with its length in two
bytes before it; when they are used up, the card refuses. The seeds are good cards, put into that form.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards import be_eid, cn_resident, de_egk, ee_eid, hygiene, ir_national, sdt, strict_xml, tlv
from edge.readers.cards.conversation import COMMAND_BYTES_MAX, CardFault, converse
from edge.readers.cards.identity import CardIdentity
from edge.readers.cards.kinds import KINDS, CardKind, identify
from edge.readers.remote import codec as remote
from edge.readers.serial_line import codec as scanned
from edge.readers.simulated import codec as simulated
from tests.cards_played import be_eid as belgian
from tests.cards_played import cn_resident as chinese
from tests.cards_played import de_egk as german
from tests.cards_played import ee_eid as estonian
from tests.cards_played.all_kinds import PLAYED
from tests.cards_played.ir_national import certificate

COMMANDS_MAX = 4_000
REFUSED = bytes.fromhex("6A82")
UNKNOWN_ATR = bytes.fromhex("3B00")
PHOTO = Wanted(photo=True)
SCANNED_KINDS = ("ir_national_code", "cn_resident_number", "th_pin", "ee_personal_code", "token")
SHOWN_OF_A_BANK_CARD = 10


class Target(NamedTuple):
    """``run`` raises if something is wrong with what the parser made of the bytes; ``seeds`` are good inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def _is_well_formed(found: CardIdentity) -> None:
    try:
        clean = hygiene.cleaned(found)
    except CardFault:
        return
    assert msgspec.json.decode(msgspec.json.encode(clean), type=CardIdentity) == clean
    assert (clean.kind == "") == (clean.number == "")


def _answers(data: bytes) -> Iterator[bytes]:
    place = 0
    while place + 2 <= len(data):
        length = int.from_bytes(data[place : place + 2])
        yield data[place + 2 : place + 2 + length]
        place += 2 + length
    while True:
        yield REFUSED


def _kind(kind: CardKind) -> Target:
    atrs = [UNKNOWN_ATR, *dict.fromkeys(played().atr for played in PLAYED[kind.name])]

    def run(data: bytes) -> None:
        answers, commands = _answers(data[1:]), 0

        def transmit(command: bytes) -> bytes:
            nonlocal commands
            commands += 1
            assert 4 <= len(command) <= COMMAND_BYTES_MAX
            assert commands <= COMMANDS_MAX, "the conversation does not end"
            return next(answers)

        try:
            found = converse(kind.read(atrs[data[0] % len(atrs)] if data else UNKNOWN_ATR, PHOTO), transmit)
        except CardFault:
            return
        if found is not None:
            assert found.card == kind.name
            if kind.name == "emv":
                assert sum(character.isdigit() for character in found.card_number) <= SHOWN_OF_A_BANK_CARD
            _is_well_formed(found)

    return Target(run, tuple(_recorded(kind, played, atrs) for played in PLAYED[kind.name]))


def _recorded(kind: CardKind, played: Callable[[], object], atrs: list[bytes]) -> bytes:
    card = played()
    record = [bytes([atrs.index(card.atr)])]

    def transmit(command: bytes) -> bytes:
        answer = card.apdu(command)
        record.append(len(answer).to_bytes(2) + answer)
        return answer

    assert converse(kind.read(card.atr, PHOTO), transmit) is not None
    return b"".join(record)


def _parser(parse: Callable[[bytes], object], *seeds: bytes) -> Target:
    """A parser that gives something, or a fault, or a refusal."""

    def run(data: bytes) -> None:
        try:
            found = parse(data)
        except (CardFault, Refused) as no:
            assert str(no)  # noqa: PT017 -- a fault without a text helps nobody
            return
        if isinstance(found, CardIdentity):
            _is_well_formed(found)

    return Target(run, seeds)


def _egk(data: bytes) -> CardIdentity:
    first, _, second = data.partition(b"\xff\xff")
    person = strict_xml.parsed(first, "iso-8859-15")
    return de_egk.identity(person, strict_xml.parsed(second, "iso-8859-15") if second else None, "")


def _estonian(data: bytes) -> CardIdentity:
    fields = [*data.decode("utf-8", "replace").split("\n"), *[""] * 11][:11]
    return ee_eid.old_identity(fields) if data.startswith(b"#") else ee_eid.identity(fields[:9])


def _frames(data: bytes) -> None:
    """However the bytes are cut up, the answers are the same."""
    whole, single = sdt.Frames(), sdt.Frames()
    together = whole.feed(data)
    apart = [answer for at in range(len(data)) for answer in single.feed(data[at : at + 1])]
    assert together == apart
    assert len(whole.resynchronise()) <= len(data)


def _lines(data: bytes) -> CardIdentity | None:
    lines = scanned.Lines()
    for line in [*islice(lines.feed(data), 50), *lines.end()]:
        try:
            return scanned.identity(line, SCANNED_KINDS)
        except Refused:
            continue
    return None


def _any_card(data: bytes) -> CardIdentity:
    """A card of which only the ATR is known: every kind is asked, and all say what the fuzzer says."""
    answers, commands = _answers(data[8:]), 0

    def transmit(_command: bytes) -> bytes:
        nonlocal commands
        commands += 1
        assert commands <= COMMANDS_MAX, "the conversation does not end"
        return next(answers)

    return converse(identify(data[:8], PHOTO), transmit)


def _sam(data: bytes) -> CardIdentity | None:
    """A SAM-V reader and its card play well, but for what the bytes say of each answer in turn: leave it, lose it, damage it, or say another."""
    sam, hand = chinese.SamV(chinese.Card(new_address="天津市和平区南京路3号")), iter(data)

    def ask(request: sdt.Request) -> sdt.Answer:
        said = sam.answer(request.frame.hex().upper())
        match next(hand, 0):
            case 1:
                return sdt.SILENT
            case 2:
                said = said[:-1] + bytes([said[-1] ^ 1])
            case 3:
                said = chinese.answer_frame(next(hand, 0), bytes(islice(hand, next(hand, 0))))
            case 4:
                at, new = 10 + next(hand, 0) * 256 + next(hand, 0), bytes(islice(hand, next(hand, 0)))
                said = chinese.answer_frame(said[9], (said[10:at] + new + said[at + len(new) : -1])[: len(said) - 11])
            case 5:
                sam.card = chinese.Card(chinese.foreigner_2023() if next(hand, 0) else chinese.foreigner_2017())
            case 6:
                sam.lift()
        return next((one for one in sdt.Frames().feed(said) if request.takes(one)), sdt.SILENT)

    reading = converse(cn_resident.read(PHOTO, y2023=True), ask)
    return reading.identity if reading else None


def _of_an_agent(data: bytes) -> CardIdentity | None:
    try:
        said = remote.from_agent(data)
    except remote.Nonsense:
        return None
    return remote.trusted_identity(said.identity, photo=True) if isinstance(said, remote.ReadDone) else None


TARGETS: dict[str, Target] = {
    **{kind.name: _kind(kind) for kind in KINDS},
    "egk_xml": _parser(_egk, german.person() + b"\xff\xff" + german.insurance(), german.person()),
    "egk_gzip": _parser(de_egk.inflated, gzip.compress(german.person())),
    "egk_number": _parser(de_egk.iccsn, bytes.fromhex("5A0A" + german.ICCSN)),
    "belgian_file": _parser(
        lambda data: be_eid.identity(be_eid.fields(data), be_eid.fields(data), b""), belgian.tlv(belgian.IDENTITY)
    ),
    "estonian_fields": _parser(
        _estonian,
        *("\n".join(fields).encode() for fields in (estonian.FIELDS_2018, ("#", *estonian.FIELDS_2002))),
    ),
    "iranian_certificate": _parser(ir_national._subject, certificate()),
    "tlv": _parser(
        lambda data: (list(tlv.objects(data)), tlv.find(data, 0x6F, 0xA5, 0xBF0C)), bytes.fromhex("6F07A505BF0C025000")
    ),
    "chinese_text": _parser(
        lambda data: cn_resident.identity(data, y2023=True),
        *(chinese.citizen(), chinese.hmt_resident(), chinese.foreigner_2017(), chinese.foreigner_2023()),
    ),
    "sam": _parser(_sam, bytes(8), b"\0\0\4\0\4\x04\0\1\0\2", b"\0\0\3\x90\4\0\1\0\2", b"\5\1\0\2\0\0\0", b"\0\6\0\0"),
    "any_card": _parser(_any_card, UNKNOWN_ATR.ljust(8, b"\0") + (b"\0\2\x90\0" * 20)),
    "sdt_frames": _parser(_frames, *(bytes.fromhex(one) for one in (chinese.FOUND, chinese.SELECTED, chinese.DONE))),
    "scanned_lines": _parser(_lines, b"]C10499370899\r\n", b"(8018)11010519491231002X\r", b"token-1234567\n"),
    "agent": _parser(
        _of_an_agent,
        remote.frame(
            remote.ReadDone(number=1, identity=converse(be_eid.KIND.read(b"", PHOTO), belgian.BelgianCard().apdu))
        ),
    ),
    "simulated": _parser(
        lambda data: simulated.identity(data, PHOTO),
        b'{"kind": "ir_national_code", "number": "0499370899", "sex": "female"}',
    ),
}
"""Name → target. A new parser of a card's or a reader's bytes gets a line here."""
