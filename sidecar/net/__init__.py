"""HTTP on h11: a client, a server, a sender for whatever is pushed. Every bound is here, and has a name."""
