"""IMAP4rev1 with ACL over the one store."""
