"""`python -m mailcore.cli` is the command `postroom`."""

from mailcore.cli.main import main

main()
