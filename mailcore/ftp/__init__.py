"""FTP backup: what is stored, as a tree of files that any FTP client copies away and puts back."""
