"""The processes that collect, and the scheduler that wakes them for what is due."""
