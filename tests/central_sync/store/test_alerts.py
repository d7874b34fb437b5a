"""What alarms and what is told, on both databases."""

from datetime import UTC, datetime, timedelta

from central_sync.store.fleet_records import AlertMessage
from tests.central_sync.hospital import DAY

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def raised(uow, subject="H1", rule="edge_silent", at=AT, institution=None, severity="urgent"):
    return uow.alerts.raise_(rule, subject, subject if institution is None else institution, severity, 301.5, at)


def page(uow, still_open=True, scope=None, before=None, rows_max=10, institution=""):
    rows = uow.alerts.page(
        still_open=still_open, scope=scope, before=before, rows_max=rows_max, institution=institution
    )
    return [row.subject for row in rows]


def test_one_alert_of_a_rule_and_a_subject_is_open_and_another_may_follow(store):
    with store.write() as uow:
        assert raised(uow)
        assert not raised(uow)
        assert raised(uow, rule="parked")
        assert uow.alerts.clear("edge_silent", "H1", AT + MINUTE)
        assert not uow.alerts.clear("edge_silent", "H1", AT + MINUTE)
        assert raised(uow, at=AT + 2 * MINUTE)
    with store.read() as uow:
        assert sorted(uow.alerts.open_keys()) == [("edge_silent", "H1"), ("parked", "H1")]
        assert uow.alerts.counts(None) == {"urgent": 2}


def test_an_open_alert_is_acknowledged_once(store):
    with store.write() as uow:
        raised(uow)
    with store.read() as uow:
        (alert,) = uow.alerts.page(still_open=True, scope=None, before=None, rows_max=9)
        assert (alert.value, alert.severity, alert.raised_at, alert.note) == (301.5, "urgent", AT, "")
    with store.write() as uow:
        assert uow.alerts.acknowledge(alert.id, "op.1", "called them", AT + MINUTE)
        assert not uow.alerts.acknowledge(alert.id, "op.2", "me too", AT + 2 * MINUTE)
        assert not uow.alerts.acknowledge(999, "op.2", "", AT)
    with store.read() as uow:
        found = uow.alerts.get(alert.id)
        assert (found.acknowledged_by, found.note, found.acknowledged_at) == ("op.1", "called them", AT + MINUTE)
        assert uow.alerts.get(999) is None


def test_pages_go_on_behind_an_alert_and_keep_to_a_scope(store):
    with store.write() as uow:
        for n in range(5):
            raised(uow, f"H{n}", at=AT + (n // 2) * MINUTE)
        raised(uow, "hub", "many_silent", institution="")
        uow.alerts.clear("edge_silent", "H4", AT + MINUTE)
    with store.read() as uow:
        rows = uow.alerts.page(still_open=True, scope=None, before=None, rows_max=2)
        last = rows[-1]
        assert [row.subject for row in rows] == ["H3", "H2"]
        assert page(uow, before=(last.raised_at, last.id)) == ["hub", "H1", "H0"]
        assert page(uow, scope={"H1", "H4"}) == ["H1"]
        assert page(uow, scope=set()) == []
        assert page(uow, still_open=False) == ["H4"]
        assert page(uow, institution="H2") == ["H2"]
        assert uow.alerts.counts({"H1"}) == {"urgent": 1}
    with store.write() as uow:
        assert uow.alerts.prune(AT + timedelta(days=1)) == 1


def test_what_is_untold_is_taken_once_also_when_it_is_over(store):
    with store.write() as uow:
        raised(uow)
        assert uow.alerts.any_untold()
        assert [row.subject for row in uow.alerts.take_untold()] == ["H1"]
        assert not uow.alerts.any_untold()
        uow.alerts.clear("edge_silent", "H1", AT + MINUTE)
        (over,) = uow.alerts.take_untold()
        assert over.cleared_at == AT + MINUTE
        assert uow.alerts.take_untold() == []


def test_a_message_is_taken_by_one_until_it_is_delivered_or_given_up(store):
    with store.write() as uow:
        for n in range(3):
            uow.alert_messages.add(AlertMessage(f"m{n}", "mail", "{}", AT + n * MINUTE, AT))
        uow.alert_messages.add(AlertMessage("w", "desk", "{}", AT, AT))
    with store.write() as uow:
        assert uow.alert_messages.due("mail", AT)
        assert [row.id for row in uow.alert_messages.take("mail", AT, AT + MINUTE, 2)] == ["m0", "m1"]
        assert [row.id for row in uow.alert_messages.take("mail", AT, AT + MINUTE, 2)] == ["m2"]
        assert not uow.alert_messages.due("mail", AT)
        assert uow.alert_messages.due("mail", AT + MINUTE), "whoever took them may have died"
        uow.alert_messages.delivered("m0", AT)
        uow.alert_messages.failed("m1", 1, AT + 2 * MINUTE, "status_500")
        uow.alert_messages.failed("m2", 14, None, "status_500")
    with store.read() as uow:
        rows = {row.id: row for row in uow.alert_messages.latest(9)}
        assert (rows["m0"].delivered_at, rows["m0"].next_at) == (AT, None)
        assert (rows["m1"].tries, rows["m1"].next_at, rows["m1"].fault) == (1, AT + 2 * MINUTE, "status_500")
        assert (rows["m2"].next_at, rows["m2"].delivered_at) == (None, None)
        assert uow.alert_messages.made_since("mail", AT + MINUTE) == [AT + MINUTE, AT + 2 * MINUTE]
    with store.write() as uow:
        assert uow.alert_messages.prune(AT + timedelta(days=1)) == 4


def test_the_oldest_day_that_awaits_is_told_of_each_hospital(hospital, store):
    hospital.settled()
    with store.read() as uow:
        assert uow.alerts.awaited_since() == {"H1": DAY}
