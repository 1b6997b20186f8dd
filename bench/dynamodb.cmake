# The pieces of a DynamoDB request, and whole operations without a wire.
cloche_bench(dynamodb_bench USES dynamodb SOURCES ${CMAKE_SOURCE_DIR}/bench/dynamodb_bench.cc)
