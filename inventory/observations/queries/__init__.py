"""Reads queries: Lucene's syntax, as `docs/queries.md` describes it, into conditions."""
