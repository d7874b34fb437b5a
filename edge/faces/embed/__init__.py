"""The native dialect: the DLL-style API over HTTP. See README.md."""
