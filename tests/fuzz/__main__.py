"""``python -m tests.fuzz TARGET --seconds 60 --folder DIR``: fuzz one target; what breaks it is left in DIR as a file, and the exit status is not 0."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

INPUT_BYTES_MAX = 8_192
ONE_INPUT_S_MAX = 20
MEMORY_MB_MAX = 2_048
INSTRUMENTED = ["edge.readers", "central_sync.terms", "tests.fuzz.planted"]


def main() -> None:
    """Fuzz until the time is over or something breaks; does not return."""
    import atheris  # Linux has it, and Pythons up to 3.13

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.planted import PLANTED
        from tests.fuzz.targets import TARGETS

    targets = {**TARGETS, "planted": PLANTED}
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=targets)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    asked = parser.parse_args()

    corpus = asked.folder / asked.target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets[asked.target].seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={asked.seconds}",
        f"-max_len={INPUT_BYTES_MAX}",
        f"-timeout={ONE_INPUT_S_MAX}",
        f"-rss_limit_mb={MEMORY_MB_MAX}",
        f"-artifact_prefix={asked.folder}/{asked.target}-",
        "-print_final_stats=1",
        "-verbosity=1",
    ]
    atheris.Setup([sys.argv[0], str(corpus), *options], targets[asked.target].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
