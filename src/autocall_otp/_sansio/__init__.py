"""Decisions, without any I/O: what an answer or a failure means, whether to try again, how a body is read."""
