// AWS's limits under AWS's names, and ours with their reasons.
// Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html and
// Constraints.html.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cloche::dynamodb {

// AWS: "Item size", names included.
inline constexpr std::size_t kItemBytesMax = std::size_t{400} << 10;
// AWS: "Item collections in local secondary indexes": all items of one partition key, with their entries in
// local indexes.
inline constexpr std::int64_t kCollectionBytesMax = std::int64_t{10} << 30;
// AWS: levels of nested attributes; an attribute of an item is the first. It also bounds the recursion of everything that walks an item.
inline constexpr int kNestingDepthMax = 32;
// AWS: what one Query, Scan or BatchGetItem reads at most, and what a page ends at.
inline constexpr std::size_t kPageBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kBatchGetBytesMax = std::size_t{16} << 20;
// AWS: "DynamoDB transactions": all items of one request.
inline constexpr std::size_t kTransactionBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kBatchGetKeysMax = 100;
inline constexpr std::size_t kBatchWriteRequestsMax = 25;
// AWS: "Multi-attribute keys": for the partition key of a global index, and for its sort key.
inline constexpr std::size_t kKeyPartsMax = 4;
inline constexpr std::size_t kPartitionKeyBytesMax = 2048;
inline constexpr std::size_t kSortKeyBytesMax = 1024;
// AWS: "Expression parameters". Of operators and functions, comparators included; the = of SET is
// none.
inline constexpr std::size_t kExpressionBytesMax = 4096;
inline constexpr std::size_t kOperatorsMax = 300;
inline constexpr std::size_t kDecomposedReadsMax = 50;  // Of a SELECT with IN on keys; as recorded.
inline constexpr std::size_t kInOperandsMax = 100;
inline constexpr std::size_t kPlaceholderBytesMax = 255;
inline constexpr std::size_t kPlaceholdersBytesMax = std::size_t{2}
                                                     << 20;  // With what they stand for.
// AWS: "Resource-based policy".
inline constexpr std::size_t kPolicyBytesMax = std::size_t{20} << 10;
inline constexpr std::size_t kLocalIndexesMax = 5;
inline constexpr std::size_t kGlobalIndexesMax = 20;
inline constexpr long long kThroughputMax = 1'000'000'000'000;

// AWS: "Number": 38 digits, from 1E-130 to 9.9...E+125.
inline constexpr int kNumberDigitsMax = 38;
inline constexpr int kNumberMagnitudeMax = 125;
inline constexpr int kNumberMagnitudeMin = -130;

// AWS: the units of capacity: "Read/write capacity".
inline constexpr std::size_t kReadUnitBytes = 4096;
inline constexpr std::size_t kWriteUnitBytes = 1024;

// Ours: a parsed expression takes about 1 KiB, and a program seldom uses more than a few hundred.
inline constexpr std::size_t kCachedExpressionsMax = 4'096;
// Ours: one step of bulk work; rows of at most 400 KiB, so the second bound is what keeps a step
// within the engine's group.
inline constexpr std::size_t kStepRowsMax = 1'000;
inline constexpr std::size_t kStepBytesMax = std::size_t{1} << 20;
// Ours: of a data file of an export, before its compression. What a restart may have to make again.
inline constexpr std::size_t kExportFileBytes = std::size_t{64} << 20;
// Ours: of a record of an imported object. An item of 400 KiB whose every byte is written as \u00XX has 2.4 MB.
inline constexpr std::size_t kImportRecordBytesMax = std::size_t{4} << 20;
// Ours: DescribeTable counts so many rows itself and estimates from their share of the hashes
// beyond: some 10 ms at most. (AWS brings its counts up to date every six hours.)
inline constexpr std::size_t kCountedRowsMax = 20'000;

}  // namespace cloche::dynamodb
