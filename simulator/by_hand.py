"""PURE: what to try by hand when the demo is over: commands for a shell, ready to be pasted."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path

from central_sync.benefits.parameters import Rulebook
from simulator.people import card
from simulator.world import Hospital, World

TEXT = """
Hub and edges are running; Ctrl-C here ends them. In another shell:

FACE={face}
TOKEN={token}
# the token came from init, which you may call yourself:
curl -s $FACE/embed/v1/init -H 'Content-Type: application/json' \\
  -d '{init}'; echo
call() {{ curl -s $FACE/embed/v1/$1 -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "$2"; echo; }}
ME='"context": {context}'

# put a card on the reader of desk-1, read it, take it away (a file in a folder plays it)
echo '{card}' > {reader}/card.part && mv {reader}/card.part {reader}/card.json
curl -s $FACE/cards/v1/read -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d "{{$ME, \\"reader\\": \\"desk-1\\"}}"; echo
rm {reader}/card.json
# who is it, and is the cover in force?
call handle "{{$ME, \\"number\\": \\"1101\\", \\"msgid\\": \\"hand-1\\", \\"packet\\": {person}}}"
call handle "{{$ME, \\"number\\": \\"2001\\", \\"msgid\\": \\"hand-2\\", \\"packet\\": {check}}}"
# register, bill one item, settle, confirm
HID=$(call handle "{{$ME, \\"number\\": \\"2201\\", \\"msgid\\": \\"hand-3\\", \\"packet\\": {registration}}}" \\
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["answer"]["hid"])')
call handle "{{$ME, \\"number\\": \\"2204\\", \\"msgid\\": \\"hand-4\\", \\"packet\\": {fees}}}"
call handle "{{$ME, \\"number\\": \\"2207\\", \\"msgid\\": \\"hand-5\\", \\"packet\\": {settle}}}"
call confirm "{{$ME, \\"msgid\\": \\"hand-6\\", \\"original_msgid\\": \\"hand-5\\", \\"his_result\\": 0}}"
# send the same again: the same answer; ask what became of it; list what is open; how does the edge stand?
call handle "{{$ME, \\"number\\": \\"2207\\", \\"msgid\\": \\"hand-5\\", \\"packet\\": {settle}}}"
call query "{{$ME, \\"original_msgid\\": \\"hand-5\\"}}"
call uncertain "{{$ME}}"
curl -s $FACE/embed/v1/status; echo
# stop the hub (kill -STOP {hub_pid}), try again, let it go on (kill -CONT {hub_pid})
"""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Where to call, and as whom. ``hub_pid`` is for trying what happens without a hub."""

    face: str
    workstation_key: str
    token: str
    hub_pid: int


def commands(world: World, place: Hospital, caller: SignedIn, rulebook: Rulebook, day: date, reader: Path) -> str:
    """The commands for a covered person of the hospital's region who was there least, so that no cap is used up. ``reader``: the folder of
    the simulated reader of desk-1.
    """
    visits = Counter(journey.person for hospital in world.hospitals for journey in hospital.journeys)
    _, one = min(
        (
            (visits[index], p)
            for index, p in enumerate(world.people)
            if p.region == place.region and p.known and p.covers and not (p.heavy or p.covers[0].to_day)
        ),
        key=itemgetter(0),
    )
    line = next(line for visit in place.journeys for step in visit.steps for line in step.lines)
    currency = rulebook.regions[place.region].currency
    context = {"institution": place.code, "operator": "clerk-desk-1", "workstation": "desk-1"}
    person = {"person": {"kind": one.kind, "number": one.number}}
    fee = {
        "serial": "1",
        "item": line.item,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount": line.amount,
        "service_date": day.isoformat(),
    }
    bill = {"hid": "$HID", "currency": currency}
    return TEXT.format(
        face=caller.face,
        token=caller.token,
        init=json.dumps({**context, "workstation_key": caller.workstation_key}),
        context=json.dumps(context),
        card=json.dumps(card(one), ensure_ascii=False),
        reader=shlex.quote(str(reader)),
        person=_quoted(person),
        check=_quoted({**person, "care": "outpatient", "service_date": day.isoformat()}),
        registration=_quoted({**person, "service_date": day.isoformat(), "department": "cardiology"}),
        fees=_quoted({**bill, "lines": [fee]}),
        settle=_quoted({**bill, "total": line.amount}),
        hub_pid=caller.hub_pid,
    )


def _quoted(packet: object) -> str:
    """JSON inside a shell's double quotes."""
    return json.dumps(packet).replace('"', '\\"')
