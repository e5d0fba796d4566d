"""What sends requests: httpx's own transports, with a connection pool and a network of ours below them."""
