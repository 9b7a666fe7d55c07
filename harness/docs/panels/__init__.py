"""The chart's dashboards as pictures, drawn by Grafana's own components from what a Prometheus answers."""
