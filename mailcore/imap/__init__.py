"""IMAP4rev1 (RFC 3501) and its extensions: octets to a command, one call into the store, octets back.

`wire` reads one whole command, `grammar` makes a value of it, `session` finds its handler in the table that
`commands` fills, `view` is what the session knows of its folder, `reply` writes.
"""
