"""Maintenance that a technician announces: from when, until when, why. The desks are told beforehand; while it lasts, what is new is refused.

    window   what is announced, and which transactions go on
    calendar what is announced, in ``DIR/maintenance.json``
    pause    the door before the intake

Rules
    * What ends or takes back something, asks what became of something, or opens and closes the day goes on; so does a copy of what the journal has.
    * It ends by itself at its time, also when nobody thinks of it, and across a restart.
    * A file that cannot be read closes nothing: the desks go on, and the log says so.
"""
