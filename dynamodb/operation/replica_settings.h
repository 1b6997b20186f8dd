// Settings that the replicas of a global table share, whichever region they are changed in.
#pragma once

#include "dynamodb/operation/service.h"

namespace cloche::dynamodb {

// Brings a change of a table's settings to its replicas of version 2019.11.21: how it is billed, units and limits
// (of reading where the replica has none of its own), warm throughput, global indexes, which are then filled there.
// `before` is the table as it was. What is a region's own stays: class, tags, policies, streams to Kinesis, protection from
// deletion, point-in-time recovery. At once, where AWS takes a while.
// Source: what is listed as synchronizable and as never synchronized at
// https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_dynamodb.GlobalTableSettingsReplicationMode.html;
// ReplicaUpdates in the API Reference for what a replica may have of its own. Auto scaling is not shared yet.
Result<void> share_settings(Service& service, engine::WriteTxn& txn, const Table& before,
                            const Table& table);

// The same for time to live.
Result<void> share_expiry(Service& service, engine::WriteTxn& txn, const Table& table);

}  // namespace cloche::dynamodb
