"""The heart: who exists, what is stored, who may do what, what changed. No sockets, no protocol words."""
