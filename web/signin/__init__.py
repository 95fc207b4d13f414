"""Signing in with a browser: sessions that a cookie names, shared by the applications of the web."""
