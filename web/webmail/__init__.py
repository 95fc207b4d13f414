"""The webmail: the files of its client, and what browsers must not get as it came: HTML of others, and pictures."""
