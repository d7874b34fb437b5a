"""Readers of the smart card service of the system (PC/SC): pcscd on Linux and macOS, the service Smart Card on Windows.

    codec      the service's codes, states and names in our words
    standing   what is to be told when a reader looks different
    service    the library's calls, typed, with one exception
    monitor    the thread that looks at all readers, without touching a card
    seat       a thread that keeps its conversation with the service open
    worker     one read in the thread of a seat
    desk       one reader as the loop sees it: its state, its events, its reads in line
    driver     a row of edge.toml: which readers are meant, and that somebody always watches them

pyscard's own monitors and connections are not used: its monitors end for ever when the service dies, and its connections touch cards that others use.
Every call of the service may hang, and each is made in a thread that nobody waits for: not the loop, not the end of the program.
"""
