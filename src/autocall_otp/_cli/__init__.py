"""The command `autocall-otp`, a module for each thing that it does. Nothing of the SDK imports it."""
