"""The fault rig: faults that happen to real processes under load, and the claims that must hold afterwards."""
