"""Exchange ActiveSync (MS-ASHTTP, MS-ASCMD), in front of the store."""
