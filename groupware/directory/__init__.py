"""Who is who: sign-in, passwords, addresses."""
