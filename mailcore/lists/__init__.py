"""Mail lists: who may write to them, what goes out to whom, and what comes back."""
