"""What the gateway costs, measured: `nox -s bench` writes docs/performance.md. Engines are mock engines throughout."""
