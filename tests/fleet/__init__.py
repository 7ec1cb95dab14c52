"""A fleet on one machine: demo servers, a Wayside before each, clients, a real Prometheus and a real Alertmanager.

`make prove ARGS="fleet"` asks of it what is claimed, `make demo-fleet` shows it to a person.
"""
