"""JMAP, a view of the one store. RFC 8620, RFC 8621."""
