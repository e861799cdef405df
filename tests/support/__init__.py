"""What tests, demo and benchmarks stand on: real servers, brokers and daemons on free loopback ports.

One concept a file: `process` (a child that never outlives us), `ports`, `place` (paths and temporary directories),
`server` with `mariadb`, `mysql` and `prefix` (database servers), `kafka` with `kafka_admin` (brokers), `pair` (two regions and their
daemons), `proxy` (faults of the network), `load` and `mixed_load` (writers whose every acknowledged commit is counted),
`kills` and `capture_kills` (SIGKILL at random, with what it hit), `checker` (proves what a topic holds).
"""
