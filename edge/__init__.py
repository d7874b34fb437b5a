"""The gateway in the hospital: survives power cuts, bad cards and no network."""
