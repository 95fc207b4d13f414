"""A small authorization server: programs get tokens here, once their owner consents in the browser. OAuth 2.1."""
