"""FTP backup, spoken to by a client of FTP."""
