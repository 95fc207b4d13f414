"""Scripts that run when messages of a folder are put in, copied there or flagged. RFC 6785.

The store keeps what happened (`occasion`), `worker` takes one message after the other, `wanted` makes storable what its
script wants, and `doing` does it in the write that settles it.
"""
