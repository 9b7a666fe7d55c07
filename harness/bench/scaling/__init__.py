"""A simulation of one group under a day of requests, by what it is scaled; nothing runs, and nothing is measured."""
