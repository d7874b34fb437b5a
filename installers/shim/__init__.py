"""The C shim: sources, and what compiles them."""
