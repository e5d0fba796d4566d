"""Measuring the SDK beside others: `make bench` runs it all, `make bench-quick` a short form."""
