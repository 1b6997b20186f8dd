# The benchmarks of the log and the engine.
cloche_bench(engine_bench USES engine SOURCES engine_bench.cc)
cloche_bench(wal_bench USES wal SOURCES wal_bench.cc)
