"""The law as data: regions, schemes, tariffs and their sources, and the strict loader that makes the engine's rulebook of them.

Rules
    * ``regions/<region>.yaml``, ``schemes/<scheme>/scheme.yaml`` with one file for each benefit beside it,
      ``tariffs/<catalogue>.csv``, ``sources.yaml``. A file that nothing names is an error.
    * What a file may say is explained for its writers in ``docs/rulebook.md``.
    * Every value has a day, a unit and a reference; old values stay; ``value: null`` ends one. What was invented says
      ``illustrative: true`` itself.
    * Numbers are text and exact. Amounts stand in main units (yuan, rial), with as many decimals as the currency has.
    * An edge never sees these files: it gets the bundle that :mod:`central_sync.rulebook.build` compiles.
"""
