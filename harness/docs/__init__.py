"""Documentation that cannot drift: tables from values.yaml, messages from the tests, a site from the same Markdown."""
