"""SHELL: sees that the site file was changed, looks at it, and says what applying it would do. Nothing is applied by itself.

The only home of watchdog. The file system tells of each change at once; a look takes some milliseconds, in watchdog's own thread.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import structlog
from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from edge.firmware import SITE_FILE, STATE_FOLDER
from edge.firmware.notices import Notice, SiteState, differing
from edge.firmware.reading import read_site
from edge.firmware.render import render
from edge.firmware.sets import RECORD, SetError, Sets
from edge.firmware.site import SiteWrong, told
from edge.log import located

CHANGES: list[type[FileSystemEvent]] = [FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileMovedEvent]
"""Not that a file was opened and read: we do that ourselves."""
log = structlog.get_logger(__name__)


class Noticing(FileSystemEventHandler):
    """Of the appliance under ``root``; where that has no site file's folder, there is nothing to notice."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._site = root / SITE_FILE
        self._observer: BaseObserver | None = None
        self.notice = Notice()

    @property
    def appliance(self) -> bool:
        """Whether there is an appliance under the root at all."""
        return self._site.exists()

    async def start(self) -> None:
        """Look, and go on looking."""
        self._look()
        folders = [folder for folder in (self._site.parent, self._root / STATE_FOLDER) if folder.is_dir()]
        if not folders:
            return
        observer = Observer()
        try:
            for folder in folders:
                observer.schedule(self, str(folder), event_filter=CHANGES)
            observer.start()
        except OSError as error:
            log.warning("changes of the site file are not noticed", **located(error))
            return
        self._observer = observer

    async def stop(self) -> None:
        """Look no more."""
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """As watchdog calls it, for each change in the folders."""
        names = {Path(str(path)).name for path in (event.src_path, event.dest_path) if path}
        if names & {self._site.name, RECORD}:
            self._look()

    def _look(self) -> None:
        try:
            found = noticed(self._root)
        except SetError as error:
            log.error("what is in place is not known", detail=str(error), **located(error))
            return
        if found != self.notice:
            self.notice = found
            log.info("the site file and what is in place", state=str(found.state), count=len(found.files))


def noticed(root: Path) -> Notice:
    """How the site file under ``root`` stands to what is in place there.

    Raises:
        SetError: the record of what is in place cannot be read.
    """
    path, record = root / SITE_FILE, Sets(root).record()
    if not record.confirmed:
        return Notice(SiteState.UNCONFIRMED)
    try:
        if sha256(path.read_bytes()).hexdigest() == record.site:
            return Notice()
        site, _ = read_site(path)
    except FileNotFoundError:
        return Notice()
    except OSError as error:
        return Notice(SiteState.WRONG, fault=f"{path}: {error.strerror}")
    except SiteWrong as error:
        return Notice(SiteState.WRONG, fault=told(str(path), error.faults[0]))
    files = differing(render(site), record.files)
    return Notice(SiteState.CHANGED, files) if files else Notice()
