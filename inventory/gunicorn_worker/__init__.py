"""A threaded gunicorn worker in which no client that is slow, silent or gone holds a thread.

`waiting` has the connections that wait for their clients, in the worker's one loop. `worker` gives a thread to each request
that has arrived; `arriving` decides when that is. `connections` are handed from one to the other.
"""
