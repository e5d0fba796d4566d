"""Log in by voice code: a Flask app."""
