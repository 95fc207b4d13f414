"""WebAdmin: the administration of the server and of domains, for browsers and for programs."""
