"""HTTP on h11: a client, a server. Every bound is here, and every one has a name."""
