"""Octets of a message to a `Summary`: ENVELOPE, BODYSTRUCTURE, part offsets, preview; and composing.

`summary.summarize` reads a message once; `summary.envelope_of` and its like slice what was stored; `sections.section`
says which octets an IMAP section means; `text.text_of` gives the words to index; `lines.crlf` is what clients must be
sent; `compose` writes header lines. Everything takes any octets at all, in linear time, and fails on none.
"""
