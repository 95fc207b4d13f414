"""The policy of SMTP: what is taken from whom, by the administrator's rules and by what is built in.

`access` is what always holds. `rules` are data: `engine` decides by them over facts, `book` keeps those that hold, and
`asking` is where the dialogue asks.
"""
