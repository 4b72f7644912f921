"""The processes that collect, and the one that rings for what is due."""
