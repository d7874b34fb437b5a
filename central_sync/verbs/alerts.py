"""``pishkhan-hub --data DIR alerts try``: whether those who are told of alerts can be reached, before anything alarms."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import click

from central_sync.app import clock
from central_sync.fleet import messages
from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.channels.settings import channels_of
from central_sync.place import Place
from central_sync.verbs import printing


@click.group()
def alerts() -> None:
    """Who is told of alerts."""


@alerts.command("try")
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
@click.pass_context
def try_(context: click.Context, place: Place, names: Sequence[str], as_json: bool) -> None:
    """Send a trial message to the channels NAMES (without: to all) and say whether each took it; exit status 1 if one did not."""
    settings = place.config.alerts
    channels = channels_of(settings, place.folder, clock, place.config.console.zone)
    strangers = sorted(set(names) - set(channels))
    if strangers:
        raise click.UsageError(
            f"there is no channel {strangers[0]}; there are: {', '.join(sorted(channels)) or 'none'}"
        )
    if not channels:
        raise click.UsageError("hub.toml names neither mail nor webhook under [alerts]: nobody is told")
    rows = []
    for name, channel in channels.items():
        if not names or name in names:
            try:
                channel.deliver(uuid.uuid4().hex, messages.trial(settings.hub, clock()))
                rows.append({"channel": name, "taken": "yes", "fault": ""})
            except NotDelivered as error:
                rows.append({"channel": name, "taken": "no", "fault": str(error)})
    printing.rows(rows, as_json=as_json)
    if any(row["fault"] for row in rows):
        context.exit(1)
