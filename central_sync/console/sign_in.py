"""Use cases of signing in: password, second factor, setting one up. Synchronous, for worker threads.

Rules
    * A try is counted before it is made, and a right one takes its count back: many at once are many tries.
    * Whether an account exists is not told, neither by words nor by time. What was typed as a name reaches the audit trail only if it is one.
    * A code is used up in the same unit of work that signs in; of two requests with one code one gets in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from central_sync.audit import Trail
from central_sync.console import second_factor, waits
from central_sync.console.access import Stage
from central_sync.console.second_factor import Sealed, Sealer
from central_sync.console.sessions import Sessions, Visitor
from central_sync.pages import forms, passwords
from central_sync.store import Store, UnitOfWork
from central_sync.store.console_records import ConsoleAccount, ConsoleWait

BROWSER_KEPT = timedelta(days=90)
UNKNOWN = "an unknown account"
PASSWORD, CODE = "password", "code"


class Entered(NamedTuple):
    """A right password or code: the new session's token, how far it is, and the browser's new mark (empty: it keeps its own)."""

    token: str
    stage: Stage
    mark: str = ""


class Wrong(NamedTuple):
    """It was not right."""


class Waits(NamedTuple):
    """It was not tried: wait so many seconds."""

    seconds: int


class Counted(NamedTuple):
    """What a try was counted about, and how that stood before."""

    keys: Sequence[waits.Key]
    before: Sequence[ConsoleWait]


class SignIn:
    """The use cases. ``sealer`` opens second factors."""

    def __init__(
        self, store: Store, sessions: Sessions, sealer: Sealer, trail: Trail, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._sealer = sealer
        self._trail = trail
        self._clock = clock

    def password(self, name: str, password: str, address: str, mark: str) -> Entered | Wrong | Waits:
        """A name and a password, from a browser with that ``mark`` (empty: none)."""
        now = self._clock()
        with self._store.write(urgent=False) as uow:
            account = uow.console_accounts.get(name)
            known = bool(mark) and uow.console_sessions.knows_browser(forms.digest(mark), name, now)
            counted = _counted(uow, waits.keys(PASSWORD, name, address, mark if known else ""), now)
        if isinstance(counted, Waits):
            self._trail.note(address, "sign_in_waits", name if account else UNKNOWN)
            return counted
        fits = passwords.fits(account.password_hash if account else None, password)
        if not fits or account is None or not _is_good(account, now):
            self._trail.note(address, "sign_in_refused", name if account else UNKNOWN, "password")
            return Wrong()
        with self._store.write() as uow:
            now_is = uow.console_accounts.get(name, lock=True)
            if now_is is None or now_is.password_hash != account.password_hash or not _is_good(now_is, now):
                return Wrong()
            _taken_back(uow, counted)
            return self._entered(uow, now_is, address, "" if known else forms.new_token(), passed=False)

    def own_password(self, visitor: Visitor, new: str, address: str) -> Entered | Wrong:
        """The account's own password in the place of the first one, by whoever signed in with that. ``new`` is acceptable, and another one."""
        now = self._clock()
        with self._store.read() as uow:
            before = uow.console_accounts.get(visitor.name)
        if before is None or before.once_until is None or passwords.fits(before.password_hash, new):
            return Wrong()
        kept = passwords.hashed(new)
        with self._store.write() as uow:
            account = uow.console_accounts.get(visitor.name, lock=True)
            begun = uow.console_sessions.get(visitor.token_hash)  # a newer first password meanwhile has ended it
            if (
                account is None
                or begun is None
                or account.password_hash != before.password_hash
                or not _is_good(account, now)
            ):
                return Wrong()
            uow.console_accounts.change_password(account.name, kept, now)
            uow.audit.add(now, visitor.actor, "password_changed", account.name, "the first one")
            fresh = uow.console_accounts.get(account.name)
            assert fresh is not None, "it is locked"
            return self._entered(uow, fresh, address, forms.new_token(), passed=False)

    def code(self, visitor: Visitor, code: str, address: str, mark: str) -> Entered | Wrong | Waits:
        """The second factor of somebody whose password was right: a code of the app, or a recovery code."""
        now = self._clock()
        with self._store.write(urgent=False) as uow:
            known = bool(mark) and uow.console_sessions.knows_browser(forms.digest(mark), visitor.name, now)
            counted = _counted(uow, waits.keys(CODE, visitor.name, address, mark if known else ""), now)
        if isinstance(counted, Waits):
            return counted
        with self._store.write() as uow:
            account = uow.console_accounts.get(visitor.name, lock=True)
            begun = uow.console_sessions.get(visitor.token_hash) is not None  # another password meanwhile has ended it
            if account is not None and begun and self._shown(uow, account, code, now):
                _taken_back(uow, counted)
                uow.console_sessions.end(visitor.token_hash)
                return self._entered(uow, account, address, "" if known else forms.new_token(), passed=True)
        self._trail.note(address, "sign_in_refused", visitor.name, "code")
        return Wrong()

    # -- setting a second factor up -------------------------------------------------------------------------------

    def begin_set_up(self, visitor: Visitor, code: str, address: str) -> str | Wrong | Waits:
        """A fresh secret, kept sealed with the session until a code of it is shown. Who has a second factor shows a code of that first."""
        if visitor.has_factor:
            shown = self.shown(visitor, code, address)
            if shown is not None:
                return shown
        secret = second_factor.new_secret()
        with self._store.write() as uow:
            uow.console_sessions.change(visitor.token_hash, pending=self._sealer.sealed(secret, visitor.name))
        return secret

    def finish_set_up(self, visitor: Visitor, code: str, address: str) -> tuple[Entered, Sequence[str]] | Wrong | Waits:
        """The first code of the new secret: from then on it is asked for. Every other session ends. Gives recovery codes, to be shown once."""
        now = self._clock()
        with self._store.write(urgent=False) as uow:
            counted = _counted(uow, waits.keys("set up", visitor.name, address, ""), now)
        if isinstance(counted, Waits):
            return counted
        with self._store.write() as uow:
            session, account = (
                uow.console_sessions.get(visitor.token_hash),
                uow.console_accounts.get(visitor.name, lock=True),
            )
            if session is None or account is None or session.pending is None:
                return Wrong()
            step = second_factor.step_of(self._sealer.opened(session.pending, account.name), code, now)
            if step is None:
                return Wrong()
            _taken_back(uow, counted)
            codes = second_factor.new_recovery_codes()
            uow.console_accounts.set_factor(account.name, session.pending, step)
            uow.console_accounts.set_recovery(account.name, map(second_factor.recovery_hash, codes))
            uow.console_accounts.signed_out(account.name)
            uow.audit.add(now, visitor.actor, "second_factor_set", account.name)
            fresh = uow.console_accounts.get(account.name)
            assert fresh is not None, "it is locked"
            return self._entered(uow, fresh, address, forms.new_token(), passed=True), codes

    def shown(self, visitor: Visitor, code: str, address: str) -> Wrong | Waits | None:
        """``None``: ``code`` is right, and used up; for what asks for one although somebody is signed in."""
        now = self._clock()
        with self._store.write(urgent=False) as uow:
            counted = _counted(uow, waits.keys(CODE, visitor.name, address, ""), now)
        if isinstance(counted, Waits):
            return counted
        with self._store.write() as uow:
            account = uow.console_accounts.get(visitor.name, lock=True)
            if account is None or not self._shown(uow, account, code, now):
                return Wrong()
            _taken_back(uow, counted)
        return None

    def change_password(self, visitor: Visitor, old: str, new: str, address: str) -> Entered | Wrong | Waits:
        """Another password, by whoever knows the present one; every session ends but the one that this begins. ``new`` is acceptable."""
        now = self._clock()
        with self._store.write(urgent=False) as uow:
            account = uow.console_accounts.get(visitor.name)
            counted = _counted(uow, waits.keys(PASSWORD, visitor.name, address, ""), now)
        if isinstance(counted, Waits):
            return counted
        if not passwords.fits(account.password_hash if account else None, old):
            return Wrong()
        kept = passwords.hashed(new)
        with self._store.write() as uow:
            now_is = uow.console_accounts.get(visitor.name, lock=True)
            if now_is is None or account is None or now_is.password_hash != account.password_hash:
                return Wrong()
            _taken_back(uow, counted)
            uow.console_accounts.change_password(visitor.name, kept, now)
            uow.audit.add(now, visitor.actor, "password_changed", visitor.name)
            return self._entered(uow, now_is, address, forms.new_token(), passed=visitor.has_factor)

    def _shown(self, uow: UnitOfWork, account: ConsoleAccount, code: str, now: datetime) -> bool:
        if account.factor is None:
            return False
        try:
            step = second_factor.step_of(self._sealer.opened(account.factor, account.name), code, now)
        except Sealed:
            step = None  # the account's owner has a recovery code, or asks for another factor
        if step is not None:
            return uow.console_accounts.take_step(account.name, step)
        if uow.console_accounts.take_recovery(account.name, second_factor.recovery_hash(code)):
            uow.audit.add(now, f"console:{account.name}", "recovery_code_used", account.name)
            return True
        return False

    def _entered(self, uow: UnitOfWork, account: ConsoleAccount, address: str, mark: str, *, passed: bool) -> Entered:
        now = self._clock()
        token, stage = self._sessions.begin(uow, account, passed=passed)
        if stage is not Stage.WHOLE:
            return Entered(token, stage)
        if mark:
            uow.console_sessions.know_browser(forms.digest(mark), account.name, now + BROWSER_KEPT)
        uow.audit.add(now, f"console:{account.name}", "signed_in", "console", f"from {address}")
        return Entered(token, stage, mark)


def _is_good(account: ConsoleAccount, now: datetime) -> bool:
    """Whether anybody may sign in with it now."""
    return account.disabled_at is None and (account.once_until is None or now < account.once_until)


def _counted(uow: UnitOfWork, keys: Sequence[waits.Key], now: datetime) -> Counted | Waits:
    """Count a try about to be made, unless it has to wait."""
    before = uow.console_waits.locked([key.digest for key in keys], now)
    latest = max(row.until for row in before)
    if latest > now:
        uow.console_waits.forget(
            [row.about for row in before if not row.failures]
        )  # a name that was only typed leaves no row
        return Waits(int((latest - now).total_seconds()) + 1)
    abouts = {key.digest: key.about for key in keys}
    for row in before:
        failures = row.failures + 1
        until = waits.until(abouts[row.about], failures, now)
        uow.console_waits.note(row.about, failures, until, max(until, now + waits.FORGOTTEN))
    return Counted(keys, before)


def _taken_back(uow: UnitOfWork, counted: Counted) -> None:
    """It was right: what was wrong before from there is forgotten; an address, which tries other accounts too, stands as before."""
    kept = {key.digest for key in counted.keys if key.about is waits.About.ADDRESS}
    uow.console_waits.forget([key.digest for key in counted.keys if key.digest not in kept])
    for row in counted.before:
        if row.about in kept:
            uow.console_waits.note(row.about, row.failures, row.until, row.until + waits.FORGOTTEN)
