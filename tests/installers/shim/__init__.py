"""The C shim, called as programs call it."""
