"""Traces and metrics of voice codes, without their secrets."""
