"""Log in by voice code: a Django project and its one app in a single package."""
