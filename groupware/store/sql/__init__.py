"""Private to the store: tables, row functions and the one permission check."""
