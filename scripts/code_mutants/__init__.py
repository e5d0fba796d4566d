"""Mutation testing of the wrapper: make mutants, find the tests that run each, see whether one of them fails."""
