"""What hostile users, upstreams and web pages try: `python -m tests.attacks`, and in a browser `….browser`."""
