"""Images made of this machine's files: the real gateway, a real small engine, and stand-ins for the large engines."""
