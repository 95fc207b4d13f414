"""The console: the command line of the server, by network, for those who administer it."""
