"""The desk: what the hub decides for the hospitals, one module for each online business.

A service takes a :class:`central_sync.desk.work.Work` and the typed request, works through the repositories of one unit of work,
and returns a :class:`central_sync.desk.work.Decision` or raises :class:`central_sync.wire.refusals.Refused`. ``table.py`` says which
number is whose. Services of reads run in read units of work and change nothing.
"""
