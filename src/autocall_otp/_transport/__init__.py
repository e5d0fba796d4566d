"""The connections of a client: httpx's transports over a pool and a network backend of ours."""
