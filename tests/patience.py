"""How long a test waits before it says that something hangs.

Speed is measured in ``benchmarks/``, against a reference in the same run. A test asks whether something comes at all: a machine that is busy with
other work keeps it waiting for seconds, a fault for good. So a bound of time in a test is this one, and what is tested has to take longer where it is wrong.
"""

from __future__ import annotations

HUNG_S = 30.0
