"""The engine of alerts: which there are on this host, since when, and when each is to be sent. Pure."""
