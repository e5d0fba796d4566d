"""The use cases, a file for each. They alone know the generated code.

A field that holds a code, a number or an identifier of a call is named in `_redact` or `models`, too.
"""
