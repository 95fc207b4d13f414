"""SMTP: Receiving, Processing and Sending."""
