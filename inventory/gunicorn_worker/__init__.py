"""gunicorn's threaded worker, made so that no client that is slow, silent or gone holds a thread.

`waiting` is where connections are while they wait for their clients, in the worker's one loop; `worker` gives a thread to
those whose request has arrived; `arriving` says when that is; `connections` are what both hand to each other; `memory` has
what large answers took given back.
"""
