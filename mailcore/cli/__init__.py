"""The command `postroom`."""
