"""What the gateway tells its operator: log, metrics, traces."""
