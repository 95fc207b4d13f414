"""The only SQL and the only permission check. Others see `api`, `blobs`, `bus` and `open_store`."""
