"""POP3: INBOX as it was at login, under numbers. Start at `commands.COMMANDS`."""
