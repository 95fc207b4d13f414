"""The binary form in which ActiveSync sends XML."""
