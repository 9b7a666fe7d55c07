"""What to know before an install: `helm inference-stack plan` and `preflight`, for users; it changes nothing.

It runs on Python 3.9 and needs nothing but PyYAML, which the released plugin carries.
"""
