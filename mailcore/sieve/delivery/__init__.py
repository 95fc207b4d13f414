"""Scripts at delivery: `filter` is a link of the chain (`mailcore.queue.filters`), found by its entry point.

`scripts` keeps what was compiled, `around` tells a run what is known around its message, `wanted` makes a verdict of
its outcome, and `writing` writes the messages that scripts send.
"""
