"""The worker that waits for clients without threads."""
