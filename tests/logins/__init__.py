"""Attacks on logins over HTTP, the sites that they are tried on, and mistakes that they find."""
