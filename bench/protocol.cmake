cloche_bench(protocol_bench USES protocol SOURCES protocol_bench.cc)
