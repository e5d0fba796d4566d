"""What a network and a service can do to a call, and what the SDK may make of it."""
