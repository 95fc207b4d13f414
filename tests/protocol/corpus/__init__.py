"""All messages of the corpus through a running server."""
