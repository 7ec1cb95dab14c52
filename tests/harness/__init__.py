"""How tests, proofs and the benchmark run whole processes: Wayside itself, compiled clients and servers, loads."""
