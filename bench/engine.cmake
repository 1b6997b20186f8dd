# The benchmarks of the log and the engine.
add_executable(engine_bench ${CMAKE_SOURCE_DIR}/bench/engine_bench.cc)
target_link_libraries(engine_bench PRIVATE engine benchmark::benchmark)
add_executable(wal_bench ${CMAKE_SOURCE_DIR}/bench/wal_bench.cc)
target_link_libraries(wal_bench PRIVATE wal benchmark::benchmark)
