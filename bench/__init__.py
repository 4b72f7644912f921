"""Benchmarks: each file measures one ratio between ours and a reference, in the same run on the same machine."""
