"""Cases: registration, admission, what changes them, discharge and the cancels (2201 – 2203, 2401 – 2405)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from central_sync.wire.limits import DIAGNOSES_MAX, MARKS_MAX
from central_sync.wire.packets.base import Answer, Code, Hid, Name, Request, Text
from central_sync.wire.packets.people import PersonRef


class Diagnosis(Request, frozen=True, kw_only=True):
    """A coded diagnosis of the region's list; exactly one of a list is ``main``."""

    code: Code
    main: bool = False
    name: Text = ""


Marks = Annotated[list[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)")]], Meta(max_length=MARKS_MAX)]
Diagnoses = Annotated[list[Diagnosis], Meta(min_length=1, max_length=DIAGNOSES_MAX)]


class Registration(Request, frozen=True, kw_only=True):
    """2201. Opens an outpatient case. The edge gives it a leased HID. ``marks`` say what else is true of it (``referred``, ``accident`` …), as
    far as the rulebook lets a hospital say it.
    """

    person: PersonRef
    service_date: date
    department: Name
    doctor: Text = ""
    visit_number: Text = ""
    marks: Marks = field(default_factory=list)


class Admission(Request, frozen=True, kw_only=True):
    """2401. Opens an inpatient case. The edge gives it a leased HID. ``marks``: as in 2201."""

    person: PersonRef
    admitted_on: date
    department: Name
    diagnoses: Diagnoses
    bed: Text = ""
    doctor: Text = ""
    stay_number: Text = ""
    marks: Marks = field(default_factory=list)


class CaseOpened(Answer, frozen=True, kw_only=True):
    """2201, 2401. ``covered`` is false when no cover is in force: the case stands, the patient pays."""

    hid: str
    covered: bool = True


class CaseRef(Request, frozen=True, kw_only=True):
    """2202, 2404, 2405, and the pre-settlements' smallest form: a case by its HID."""

    hid: Hid


class Done(Answer, frozen=True, kw_only=True):
    """The answer where there is nothing to tell but that it is done."""

    hid: str


class Visit(Request, frozen=True, kw_only=True):
    """2203. What was found at an outpatient visit; replaces what an earlier 2203 of the case said. ``marks``: all that hold now; left out
    (or null), they stay as they were.
    """

    hid: Hid
    diagnoses: Diagnoses
    doctor: Text = ""
    complaint: Annotated[str, Meta(max_length=1000)] = ""
    marks: Marks | None = None


class StayChange(Request, frozen=True, kw_only=True):
    """2403. Changes department, bed, doctor, diagnoses or marks of an inpatient case; what is empty stays. ``marks``: as in 2203."""

    hid: Hid
    department: Text = ""
    bed: Text = ""
    doctor: Text = ""
    diagnoses: Annotated[list[Diagnosis], Meta(max_length=DIAGNOSES_MAX)] = field(default_factory=list)
    marks: Marks | None = None


class Discharge(Request, frozen=True, kw_only=True):
    """2402. ``way`` is ``recovered``, ``transferred``, ``against_advice`` or ``died``."""

    hid: Hid
    discharged_on: date
    way: Annotated[str, Meta(pattern=r"^(recovered|transferred|against_advice|died)$(?!\n)")]
    diagnoses: Diagnoses
