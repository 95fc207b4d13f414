"""ManageSieve (RFC 5804): people put Sieve scripts on the server, check them, choose the active one."""
