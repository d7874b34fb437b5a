"""PURE: what the audit trail's codes and remarks are called on a page. The trail keeps codes and short English remarks, so that what reads it by program
and what was written years ago stay as they are; a remark of a known shape is told in the reader's language, any other as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

from markupsafe import Markup

from central_sync.console.fleet_views import FAULTS, not_taken
from central_sync.console.words import N_
from central_sync.pages.languages import Tongue

ACTIONS: Mapping[str, str] = {
    "account_added": N_("account made"),
    "account_changed": N_("account changed"),
    "account_code_refused": N_("code for a change of an account refused"),
    "account_disabled": N_("account disabled"),
    "account_enabled": N_("account let in again"),
    "account_put": N_("account made or changed"),
    "account_refused": N_("change of an account refused"),
    "account_removed": N_("account removed"),
    "alert_acknowledged": N_("alert seen to"),
    "alert_message_given_up": N_("message about alerts given up"),
    "anchor_refused": N_("trust anchor not proven"),
    "audit_suppressed": N_("more refusals, counted only"),
    "authority_announced": N_("next authority announced"),
    "authority_packed": N_("authority packed for another hub"),
    "authority_retired": N_("authority retired"),
    "authority_switched": N_("gone over to the next authority"),
    "authority_switched_back": N_("back to the authority before"),
    "authority_taken": N_("authority taken from another hub"),
    "authority_withdrawn": N_("next authority withdrawn"),
    "certificate_refused": N_("certificate refused"),
    "connection_refused": N_("connection refused"),
    "enrolled": N_("edge enrolled"),
    "enrolment_refused": N_("enrolment refused"),
    "hids_leased": N_("case numbers leased"),
    "hospital_added": N_("hospital added"),
    "invitation_withdrawn": N_("invitation withdrawn"),
    "invited": N_("edge invited"),
    "life_begun": N_("journal begun"),
    "members imported": N_("members imported"),
    "notice_sent": N_("notice sent"),
    "packet_seen": N_("packet and person looked at"),
    "page_refused": N_("page refused"),
    "password_changed": N_("password changed"),
    "password_reset": N_("first password given"),
    "person_searched": N_("person searched for"),
    "recovery_code_used": N_("recovery code used"),
    "renewal_refused": N_("renewal refused"),
    "renewed": N_("certificate renewed"),
    "report_refused": N_("report refused"),
    "review decided": N_("review decided"),
    "review rerun": N_("looked at again"),
    "revoked": N_("certificates revoked"),
    "root_differs": N_("root of a day differs"),
    "rulebook_published": N_("rulebook published"),
    "rulebook_refused": N_("rulebook refused by an edge"),
    "second_factor_removed": N_("second factor taken away"),
    "second_factor_set": N_("second factor set up"),
    "settlement replaced": N_("settlement replaced"),
    "sign_in_refused": N_("sign-in refused"),
    "sign_in_waits": N_("sign-in has to wait"),
    "signed_in": N_("signed in"),
    "signed_out": N_("signed out"),
    "started": N_("program started"),
    "superseded": N_("older certificates ended"),
    "tunnel_announced": N_("next key of the tunnel announced"),
    "tunnel_withdrawn": N_("next key of the tunnel withdrawn"),
}
"""Whatever is written to the trail, by its code."""
ROLES: Mapping[str, str] = {
    "administrator": N_("administrator"),
    "operator": N_("operator"),
    "reviewer": N_("reviewer"),
    "observer": N_("observer"),
}
WORDS: Mapping[str, str] = {
    **ROLES,
    "nobody": N_("nobody"),
    "code": N_("the code"),
    "password": N_("the password"),
    "the first one": N_("the first one"),
    "too many attempts": N_("too many attempts"),
    "no second factor": N_("no second factor"),
    "accepted": N_("accepted"),
    "declined": N_("declined"),
    "hub": N_("the hub"),
    "console": N_("console"),
    "refusals": N_("refusals"),
    "authority": N_("the hub's authority"),
    "tunnel": N_("the tunnel's other end"),
}


class Shape(NamedTuple):
    """Texts that ``like`` fits whole are told as ``message``; its named parts are the message's values."""

    like: re.Pattern[str]
    message: str


def _shape(like: str, message: str) -> Shape:
    return Shape(re.compile(like), message)


SHAPES = (
    _shape(r"(?P<about>.*\S) repeated (?P<count>\d{1,18}) times", N_("%(about)s, repeated %(count)s times")),
    _shape(r"repeated (?P<count>\d{1,18}) times", N_("repeated %(count)s times")),
    _shape(r"(?P<count>\d{1,18}) more within a minute", N_("%(count)s more within a minute")),
    _shape(r"valid (?P<count>\d{1,18}) hours", N_("good for %(count)s hours")),
    _shape(r"process (?P<pid>\S+)", N_("process %(pid)s")),
    _shape(r"from (?P<address>[0-9a-f.:]+|unknown)", N_("from %(address)s")),
    _shape(r"(?P<role>[a-z]+), all hospitals", N_("%(role)s, all hospitals")),
    _shape(r"(?P<role>[a-z]+), hospitals: (?P<count>\d{1,18})", N_("%(role)s, hospitals: %(count)s")),
    _shape(r"region (?P<region>\S+), tier (?P<tier>\S+)", N_("region %(region)s, tier %(tier)s")),
    _shape(r"certificate (?P<serial>\S+)", N_("certificate %(serial)s")),
    _shape(r"certificate (?P<serial>\S+) after (?P<old>\S+)", N_("certificate %(serial)s in the place of %(old)s")),
    _shape(r"(?P<count>\d{1,18}) certificates", N_("certificates: %(count)s")),
    _shape(r"(?P<count>\d{1,18}) older certificates", N_("older certificates: %(count)s")),
    _shape(r"(?P<count>\d{1,18}) hospitals", N_("hospitals: %(count)s")),
    _shape(r"(?P<count>\d{1,18}) serials", N_("numbers: %(count)s")),
    _shape(r"(?P<count>\d{1,18}) added", N_("added: %(count)s")),
    _shape(r"(?P<count>\d{1,18}) replaced", N_("replaced: %(count)s")),
    _shape(r"version (?P<version>\S+), from (?P<at>\S+)", N_("version %(version)s, from %(at)s on")),
    _shape(r"journal (?P<life>\S+)", N_("journal %(life)s")),
    _shape(r"journal (?P<life>\S+) after (?P<old>\S+) at (?P<entry>\d+)", N_("journal %(life)s after %(old)s, which ended at entry %(entry)s")),
    _shape(r"day (?P<day>\S+)", N_("day %(day)s")),
    _shape(r"(?P<rule>\S+), alert (?P<alert>\d+)", N_("%(rule)s, alert %(alert)s")),
    _shape(r"message (?P<message>\S+): (?P<fault>\S+)", N_("message %(message)s: %(fault)s")),
    _shape(r"share (?P<count>\d{1,18})", N_("share %(count)s")),
    _shape(r"(?P<what>[a-z]+): (?P<why>.+\.)", N_("%(what)s: %(why)s")),
)  # fmt: skip
"""The shapes of remarks that the programs write, each fitting whole texts alone."""
ANCHORS: Mapping[str, str] = {
    "authority": N_("the hub's authority"),
    "tunnel": N_("the tunnel's other end"),
    "update": N_("the root of updates"),
}
_UNPROVEN = re.compile(rf"({'|'.join(ANCHORS)}) ([a-z_]+)")
"""One anchor and why it is not proven; several stand in a row, with commas between."""


def told(text: str, tongue: Tongue) -> Markup:
    """A remark, a subject or an action's object as HTML in the reader's language; what has no known shape is a code or was written by hand, and stays as it is."""
    if text in WORDS:
        return Markup("{}").format(tongue.text(WORDS[text]))
    unproven = [_UNPROVEN.fullmatch(part) for part in text.split(", ")]
    if all(unproven):
        return (
            Markup("{}").format(tongue.text(", ")).join(_anchor(fits[1], fits[2], tongue) for fits in unproven if fits)
        )
    for shape in SHAPES:
        fits = shape.like.fullmatch(text)
        if fits is not None:
            values = {name: _value(name, value, tongue) for name, value in fits.groupdict().items()}
            return Markup(tongue.text(shape.message)) % values  # noqa: S704 -- a message is ours, its values are escaped
    return _code(text)


def _anchor(anchor: str, fault: str, tongue: Tongue) -> Markup:
    why = Markup("{}").format(tongue.text(FAULTS[fault])) if fault in FAULTS else _code(fault)
    return Markup("{}{}{}").format(tongue.text(ANCHORS[anchor]), tongue.text(": "), why)


def _code(text: str) -> Markup:
    return Markup('<bdi class="code">{}</bdi>').format(text)


def _value(name: str, value: str, tongue: Tongue) -> Markup | str:
    """One part of a remark: numbers, days and instants as the language writes them, words of ours translated, anything else as a code."""
    try:
        match name:
            case "count":
                return tongue.number(int(value))
            case "day":
                return tongue.date(date.fromisoformat(value))
            case "at":
                return tongue.clock(datetime.fromisoformat(value))
            case "fault":
                why, number = not_taken(value)
                return (
                    Markup("{} {}").format(tongue.text(why) % {"number": number}, _code(value)) if why else _code(value)
                )
            case "why":
                return tongue.text(value)
            case "role" | "about":
                return told(value, tongue)
    except ValueError:  # a number too long, a day that is none: it was not written by us
        return _code(value)
    return _code(value)
