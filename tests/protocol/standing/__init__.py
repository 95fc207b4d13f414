"""Who has signed in and may not stay, over a running server."""
