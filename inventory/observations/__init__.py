"""The field index: what targets show, since when, and the queries that ask for it."""
