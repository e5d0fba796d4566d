"""The use cases, a file for each; `request` alone knows the generated code."""
