"""Mutations of openapi.yaml, and whether the judges of scripts/contract.py notice them."""
