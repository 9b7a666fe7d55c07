"""What is recorded of the gateway and the engines, the alerts on it and the dashboards, from one source.

`nox -s generate` writes files/monitoring, files/dashboards and the tables of docs/monitoring.md.
"""
