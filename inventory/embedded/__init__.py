"""`inventory up`: the whole inventory on one machine, with a Redis of its own, kept running until Ctrl-C."""
