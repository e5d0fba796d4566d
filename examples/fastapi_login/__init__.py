"""Log in by voice code: a FastAPI app with one AsyncClient."""
