"""The service attacked as hostile users, upstreams and web pages would; `python -m tests.attacks` measures slow clients."""
