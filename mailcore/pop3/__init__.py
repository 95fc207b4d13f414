"""POP3 over the one store."""
