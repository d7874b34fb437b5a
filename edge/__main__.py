"""``pishkhan-edge``: enrols an edge, runs it, lets a technician see how it stands; and runs the small agent on a clerk's PC.

What a command is asked for goes to stdout, alone; hints and errors go to stderr. Exit status: 0 done, 1 something is not well
(``doctor``, ``status``, ``readers``, ``read-card``, ``firmware check``, ``firmware tunnel``) or differs (``firmware diff``), 2 not possible (the message says what to do).

Only the module of the command that was typed is loaded: the agent would carry the journal and the line for nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from central_sync.programs.verbs import HELP_ASKED, Verbs, unusable
from edge import platform
from edge.errors import EdgeError
from edge.verbs.owner import owned
from edge.version import version

VERBS: dict[str, tuple[str, str]] = {
    "account": ("edge.verbs.account", "account"),
    "agent": ("edge.agent.verbs", "agent"),
    "diagnostics": ("edge.verbs.diagnostics", "diagnostics"),
    "doctor": ("edge.verbs.whole", "doctor_command"),
    "enrol": ("edge.verbs.whole", "enrol"),
    "face-certificate": ("edge.verbs.whole", "face_certificate"),
    "firmware": ("edge.verbs.firmware", "firmware"),
    "forecast": ("edge.verbs.forecast", "forecast"),
    "journal": ("edge.verbs.journal", "journal"),
    "read-card": ("edge.verbs.cards", "read_card"),
    "maintenance": ("edge.verbs.maintenance", "maintenance"),
    "readers": ("edge.verbs.cards", "readers"),
    "run": ("edge.verbs.whole", "run"),
    "status": ("edge.verbs.whole", "status"),
    "update": ("edge.verbs.update", "update"),
    "workstation": ("edge.verbs.whole", "workstation"),
}
"""Every verb: the module that holds it, and its name there."""
WRITERS = frozenset(
    {"account", "agent", "diagnostics", "enrol", "face-certificate", "maintenance", "run", "workstation"}
)
"""Of these, those that write into the data folder whatever is typed; ``journal`` looks by itself."""


class Said(click.ClickException):
    """A sentence for the technician; ends with exit status 2."""

    exit_code = 2


class EdgeGroup(Verbs):
    """Loads a verb when it is typed, and turns the edge's own errors into one sentence for the technician."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """As click's."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        """As click's."""
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """As click's."""
        try:
            return super().invoke(ctx)
        except EdgeError as error:
            raise Said(str(error)) from error
        except BrokenPipeError:
            raise  # whoever reads has read enough: click's
        except PermissionError as error:
            raise Said(
                f"{error.filename or 'a file'} cannot be used by this account: {error.strerror}; type it as the one that it belongs to"
            ) from error
        except OSError as error:
            raise Said(unusable(error)) from error


@click.group(cls=EdgeGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    default=platform.data_folder(),
    show_default=True,
    help="The data directory of this edge.",
)
@click.version_option(version(), package_name="pishkhan")
@click.pass_context
def main(ctx: click.Context, folder: Path) -> None:
    """The gateway between a hospital and its insurers."""
    platform.say_utf8()
    ctx.obj = folder.absolute()
    if ctx.meta[HELP_ASKED]:
        return
    # The tunnel's watch has an account that may not look into the edge's data, and has no need to.
    if ctx.invoked_subcommand != "firmware" and folder.exists() and not os.access(folder, os.R_OK):
        raise click.BadParameter(f"Directory '{folder}' is not readable.", param_hint="--data")
    if ctx.invoked_subcommand in WRITERS:
        owned(folder)


if __name__ == "__main__":
    main(prog_name="pishkhan-edge")
