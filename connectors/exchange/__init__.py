"""What ActiveSync and Exchange Web Services share."""
