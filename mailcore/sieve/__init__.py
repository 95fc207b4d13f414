"""Sieve (RFC 5228): octets of a script to a compiled `Script`, and a script and a message to what is to be done.

`check.compiled` reads a script once and refuses it with a line; `machine.run` carries it out on a `Message` and gives
back an `Outcome`: actions in their order, and which line asked for each. Nothing of that stores, sends or waits:
whoever calls does what the actions say. A command or test is found in `table.py` (what it takes) and in the file of its
family (what it does). `managesieve` is the service by which people put scripts on the server.
"""
