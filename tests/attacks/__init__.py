"""What hostile users, upstreams and web pages try: `python -m tests.attacks` (slow clients), `python -m tests.attacks.browser`."""
