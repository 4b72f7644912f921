"""What watches find in the collections of a target: pure, without a store, a clock or the network."""
