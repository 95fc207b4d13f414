"""The console, spoken to over a socket."""
