"""Attacks on logins over HTTP, and the sites that they are tried on."""
