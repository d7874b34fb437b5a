r"""What Linux and Windows do differently, each thing under one name, so that nothing else in the edge asks which system it runs on.

| name | Linux (``posix.py``) | Windows (``windows.py``) |
| --- | --- | --- |
| ``APPLIANCE`` | the system's own configuration is ours to render, and releases are changed by us | neither: an installer's business |
| ``data_folder`` | ``/var/lib/pishkhan-edge`` | ``%ProgramData%\Pishkhan\edge`` |
| ``hold`` | ``flock`` | a lock on the file's first byte |
| ``OPENED`` | not given to programs that we start | the same, and no ends of lines are changed |
| ``FRESH``, ``write_synced``, ``read_at`` | ``O_DSYNC``, ``pwrite``, ``pread``; no link is followed | a write and ``FlushFileBuffers`` behind it |
| ``allot`` | ``posix_fallocate`` | the file is made longer: NTFS has the room for it then |
| ``direct``, ``aio`` | a file past the page cache, and writes to it that no thread waits for (``linux_aio.py``) | neither: a thread waits |
| ``sync_folder`` | ``fsync`` of the folder | nothing: NTFS keeps a folder's entries in its own log, and the file's flush brings them along |
| ``replace`` | ``rename`` | the same, tried again while somebody reads the old file, which Windows forbids for that moment |
| ``point``, ``pointed`` | a symbolic link | a small file with the name in it: a link takes a right that services have not |
| ``private``, ``data_home`` | mode 0700 | what the data folder's access list says, inherited; where we make that folder we cut what it inherits |
| ``owner_only``, ``others_may_read``, ``stranger_to`` | mode and owner | nobody: the access list is the installer's |
| ``when_told_to_end`` | SIGTERM, SIGINT | the event of our service's program, Ctrl-Break, Ctrl-C |
| ``listen_alone`` | a port just left may be taken again | nobody else may take our port while we have it, which is not Windows' default |
| ``spare_memory`` | glibc's allocator gives back what was freed | nothing: the heap does so by itself |
| ``more_files`` | as many files at once as the system allows us, instead of the thousand that it begins with | as it is: millions |
| ``bind_to_device`` | ``SO_BINDTODEVICE`` | not to be had: refused, never left out |
| ``ACCEPTS_BY_SOCKET`` | asyncio asks our socket for the next connection | it asks the system, past our socket |
| ``Entrance``, ``reach`` | a socket in the data folder (``unix_socket.py``) | a port on loopback, and a secret in the data folder (``loopback.py``) |

``windows.py`` and ``loopback.py`` can be imported and mostly tested anywhere; the whole of it is run by a Windows Python in ``make soak``.
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from edge.platform.loopback import Entrance, reach
    from edge.platform.windows import (
        ACCEPTS_BY_SOCKET,
        APPLIANCE,
        FRESH,
        OPENED,
        aio,
        allot,
        bind_to_device,
        data_folder,
        data_home,
        direct,
        hold,
        listen_alone,
        more_files,
        others_may_read,
        owner_only,
        point,
        pointed,
        private,
        read_at,
        replace,
        say_utf8,
        spare_memory,
        stranger_to,
        sync_folder,
        when_told_to_end,
        write_synced,
    )
else:
    from edge.platform.linux_aio import aio, direct
    from edge.platform.posix import (
        ACCEPTS_BY_SOCKET,
        APPLIANCE,
        FRESH,
        OPENED,
        allot,
        bind_to_device,
        data_folder,
        data_home,
        hold,
        listen_alone,
        more_files,
        others_may_read,
        owner_only,
        point,
        pointed,
        private,
        read_at,
        replace,
        say_utf8,
        spare_memory,
        stranger_to,
        sync_folder,
        when_told_to_end,
        write_synced,
    )
    from edge.platform.unix_socket import Entrance, reach

__all__ = [
    "ACCEPTS_BY_SOCKET", "APPLIANCE", "FRESH", "OPENED", "Entrance", "aio", "allot", "bind_to_device", "data_folder", "data_home", "direct", "hold", "listen_alone", "more_files",
    "others_may_read", "owner_only", "point", "pointed", "private", "reach", "read_at", "replace", "say_utf8", "spare_memory", "stranger_to", "sync_folder", "when_told_to_end",
    "write_synced",
]  # fmt: skip
