"""Scanners for spam and viruses that stand beside the server: clamd, spamd, rspamd, and whatever speaks milter."""
