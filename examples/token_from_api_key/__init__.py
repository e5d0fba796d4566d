"""Tokens that are fetched with an API key and renewed in time."""
