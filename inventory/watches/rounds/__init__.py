"""What is done for watches in the rounds of the scheduler, a portion at a time."""
