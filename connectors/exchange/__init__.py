"""What Exchange ActiveSync and Exchange Web Services share."""
