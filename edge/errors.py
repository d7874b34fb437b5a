"""What can go wrong inside the edge, few and typed: whose fault, and whether trying again helps.

A refusal of a request is :class:`central_sync.wire.refusals.Refused`; what stands here is for the parts among themselves.
No text here ever holds what came from the HIS or the hub.
"""

from __future__ import annotations


class EdgeError(Exception):
    """Base of the edge's own errors."""


class NotPossible(EdgeError):
    """What a command was asked for cannot be done; the text says what to do."""


class NotTaken(EdgeError):
    """A small list of ours does not take what it was given. ``why``: which of its rules says so, as a name; empty: its file is what fails."""

    def __init__(self, reason: str, why: str = "") -> None:
        super().__init__(reason)
        self.why = why


class JournalError(EdgeError):
    """The journal cannot be opened or used; the text tells a technician what to mend."""


class JournalDamaged(JournalError):
    """The journal's file is not a journal, or is damaged: restore it, never delete it."""


class JournalUnavailable(JournalError):
    """The journal could not be written or read now. Nothing of the operation happened; it may pass later."""


class IllegalEvent(EdgeError):
    """An event that the table of a life cycle does not allow in that state: a fault in a program, here or at the hub."""


class LineBroken(EdgeError):
    """An exchange got no answer. ``left`` says whether any byte of it may have reached the hub, ``code`` what to tell of it."""

    code = "line_down"

    def __init__(self, reason: str, *, left: bool) -> None:
        super().__init__(reason)
        self.left = left


class CertificateEnded(LineBroken):
    """The hub ended a connection that our certificate, which has ended, was shown on."""

    code = "certificate_ended"


class ReceiptInvalid(LineBroken):
    """The hub's signature over its answers is missing or does not hold: as good as no answer, though the hub may have acted."""

    code = "receipt_invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, left=True)


class LineRefused(EdgeError):
    """The hub answered that it takes nothing from us now: ``code`` is a row of REFUSALS. Nothing was applied."""

    def __init__(self, code: str, retry_after_s: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s


class CompareFailed(EdgeError):
    """A comparison with the hub did not come to an end; the text says why."""
