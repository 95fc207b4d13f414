"""The server: what any service needs, and the mail services."""
