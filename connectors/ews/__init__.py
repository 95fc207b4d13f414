"""Exchange Web Services over the one store."""
