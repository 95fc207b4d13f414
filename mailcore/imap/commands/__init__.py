"""Commands, one family a file."""
