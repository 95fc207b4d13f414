"""Octets of a message to a `Summary`: ENVELOPE, BODYSTRUCTURE, part offsets, preview; and composing."""
