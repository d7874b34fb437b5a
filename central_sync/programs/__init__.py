"""SHARED: what the edge and the hub have in common as programs. It knows no business, no settings and no database.

telling    what a technician is told, one JSON object a line, and nothing personal in it
verbs      a command line whose help is anybody's; what to type as another account
learning   what messages hold, learned before two threads want to know it at once
settings   what may stand in no settings file
accounts   whose a folder is (not on Windows, where files of either account are open to both)
"""
