"""What `doctor --record` writes and `check-recording` reads: the shape of exchanges, and never a value of them."""
