"""Counters of how voice codes went."""
