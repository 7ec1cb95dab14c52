"""/metrics: the tap's absolute values, re-exported under the names of sidecar.model.metrics."""
