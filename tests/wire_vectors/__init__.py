"""Golden vectors: what every message and packet looks like on the line, byte for byte."""
