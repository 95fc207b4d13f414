"""The web: JMAP, webmail, admin console."""
