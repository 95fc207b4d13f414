"""Remote POP: mail of people's mailboxes on other servers, fetched into their folders here."""
