"""What operators see: `metrics` for Prometheus, `log` for one line a call. Nothing of a patient is in either."""
