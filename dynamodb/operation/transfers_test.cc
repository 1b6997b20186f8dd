// Exports and imports where a test from outside would have to wait: for fifteen minutes, or for a
// restart at the right moment.
#include "dynamodb/operation/transfers.h"

#include <algorithm>

#include "base/compression.h"
#include "dynamodb/operation/test_service.h"
#include "engine/store/test_store.h"
#include "s3/records.h"
#include "s3/tables.h"

namespace cloche::dynamodb {
namespace {

class TransfersTest : public ServiceTest {
 protected:
  TransfersTest() {
    more_tables_ = s3::tables();
    reopen();
    EXPECT_TRUE(store_->write("", [](engine::WriteTxn& txn) {
      s3::BucketRecord bucket;
      bucket.id = 1;
      bucket.account = "000000000000";
      bucket.region = "us-east-1";
      return txn.put(s3::kBuckets, s3::bucket_key("files"), s3::encode(bucket));
    }));
  }
  ~TransfersTest() override { close(); }

  void close() {
    dynamodb_.reset();
    store_.reset();
  }
  void reopen() { open({.directory = home_.path()}); }

  void recover() {
    run(update_continuous_backups, R"({"TableName":"things","PointInTimeRecoverySpecification":{
        "PointInTimeRecoveryEnabled":true}})");
  }

  // What describes a finished export or import.
  std::string ended(Operation describe, const std::string& arn_member, const std::string& answer) {
    const std::string whole =
        member(answer.substr(0),
               arn_member == "ExportArn" ? "ExportDescription" : "ImportTableDescription");
    EXPECT_FALSE(whole.empty()) << answer;
    const std::string arn = member(whole, arn_member);
    for (int tries = 0; tries < 1000; ++tries) {
      const std::string told = run(describe, "{\"" + arn_member + "\":" + arn + "}");
      if (told.find("IN_PROGRESS") == std::string::npos) return told;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ADD_FAILURE() << "it does not end";
    return {};
  }

  std::string object(const std::string& key) {
    std::string bytes;
    const auto view = store_->view();
    const auto read = s3::read_object(*store_, *view, {"files", "", ""}, key,
                                      [&](std::string_view piece) -> Result<void> {
                                        bytes += piece;
                                        return {};
                                      });
    EXPECT_TRUE(read) << key;
    return bytes;
  }

  void put_object(const std::string& key, const std::string& text) {
    s3::Upload upload(*store_);
    ASSERT_TRUE(upload.append(text));
    const auto body = upload.finish();
    ASSERT_TRUE(body);
    s3::NewObject object;
    object.key = key;
    ASSERT_TRUE(store_->write("", [&](engine::WriteTxn& txn) -> Result<void> {
      auto put = s3::put_object(txn, {"files", "", "000000000000"}, object, *body);
      return put ? Result<void>() : put.error();
    }));
  }

  // All lines of all data files in order of their text.
  std::vector<std::string> lines(const std::string& folder) {
    const auto view = store_->view();
    const auto objects = s3::list_objects(*view, {"files", "", ""}, folder, "", 100);
    EXPECT_TRUE(objects);
    std::string text;
    for (const s3::ListedObject& listed : *objects) {
      const auto gunzip = make_gunzip();
      EXPECT_TRUE(gunzip->append(object(listed.key), [&](std::string_view piece) -> Result<void> {
        text += piece;
        return {};
      }));
      EXPECT_TRUE(gunzip->finish());
    }
    std::vector<std::string> all;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      all.push_back(text.substr(0, end));
      text.erase(0, end + 1);
    }
    std::ranges::sort(all);
    return all;
  }

  engine::TestDirectory home_;
};

// What codecs make of a time in a request.
std::shared_ptr<TestCall> with_times(std::string json, Instant from, Instant to) {
  auto call = std::make_shared<TestCall>("ExportTableToPointInTime", std::move(json));
  Value period = call->input()["IncrementalExportSpecification"];
  period.set(call->arena(), "ExportFromTime", Value::timestamp(from));
  period.set(call->arena(), "ExportToTime", Value::timestamp(to));
  call->set_input("IncrementalExportSpecification", period);
  return call;
}

// Source of the forms: "Incremental export output", Developer Guide.
TEST_F(TransfersTest, AnIncrementalExportHasWhatWasWrittenInItsPeriod) {
  using std::chrono::minutes;
  store_->clock().freeze(engine::kSeededStart + std::chrono::days(400));
  make_table();
  recover();
  const auto move = [&](minutes by) { store_->clock().move(by); };
  put(R"({"p":{"S":"changed"},"v":{"N":"1"}})");
  put(R"({"p":{"S":"gone"},"v":{"N":"1"}})");
  put(R"({"p":{"S":"kept"},"v":{"N":"1"}})");
  move(minutes(1));
  const Instant from = store_->clock().now();
  put(R"({"p":{"S":"at the first moment"}})");
  move(minutes(10));
  put(R"({"p":{"S":"changed"},"v":{"N":"2"}})");
  move(minutes(1));
  const Instant written = store_->clock().now();
  put(R"({"p":{"S":"changed"},"v":{"N":"3"}})");
  put(R"({"p":{"S":"passing"}})");
  run(delete_item, R"({"TableName":"things","Key":{"p":{"S":"passing"}}})");
  run(delete_item, R"({"TableName":"things","Key":{"p":{"S":"gone"}}})");
  move(minutes(10));
  const Instant to = store_->clock().now();
  put(R"({"p":{"S":"changed"},"v":{"N":"4"}})");
  put(R"({"p":{"S":"at the last moment"}})");
  move(minutes(1));

  const auto exported = [&](const std::string& prefix, const std::string& view) {
    const auto call = with_times(
        R"({"TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/things","S3Bucket":"files",
            "ExportType":"INCREMENTAL_EXPORT","S3Prefix":")" +
            prefix + R"(","IncrementalExportSpecification":{"ExportViewType":")" + view + "\"}}",
        from, to);
    if (auto begun = export_table(dynamodb_->impl(), call); !begun)
      call->fail(std::move(begun).error());
    const std::string told = ended(describe_export, "ExportArn", call->answer());
    EXPECT_NE(told.find("\"COMPLETED\""), std::string::npos) << told;
    EXPECT_NE(told.find("\"ItemCount\":3"), std::string::npos) << told;
    return lines(prefix + "/AWSDynamoDB/data/");
  };
  const auto micros = [](Instant at) { return std::to_string(at.time_since_epoch().count()); };
  const auto line = [&](Instant at, const std::string& key, const std::string& images) {
    return R"({"Metadata":{"WriteTimestampMicros":{"N":")" + micros(at) +
           R"("}},"Keys":{"p":{"S":")" + key + "\"}}" + images + "}";
  };
  const std::string first =
      line(from, "at the first moment", R"(,"NewImage":{"p":{"S":"at the first moment"}})");
  const std::string changed = R"(,"NewImage":{"p":{"S":"changed"},"v":{"N":"3"}})";
  EXPECT_EQ(
      exported("both", "NEW_AND_OLD_IMAGES"),
      (std::vector{
          first,
          line(written, "changed", changed + R"(,"OldImage":{"p":{"S":"changed"},"v":{"N":"1"}})"),
          line(written, "gone", R"(,"OldImage":{"p":{"S":"gone"},"v":{"N":"1"}})")}));
  EXPECT_EQ(exported("new", "NEW_IMAGE"),
            (std::vector{first, line(written, "changed", changed), line(written, "gone", "")}));

  const auto refused = [&](Instant begin, Instant end) {
    const auto call = with_times(
        R"({"TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/things","S3Bucket":"files",
            "ExportType":"INCREMENTAL_EXPORT","IncrementalExportSpecification":{}})",
        begin, end);
    if (auto begun = export_table(dynamodb_->impl(), call); !begun)
      call->fail(std::move(begun).error());
    const std::string answer = call->answer();
    return answer.substr(0, answer.find(':'));
  };
  EXPECT_EQ(refused(to - minutes(14), to), "InvalidExportTimeException");
  EXPECT_EQ(refused(from - minutes(60), to), "InvalidExportTimeException");
  EXPECT_EQ(refused(from, to + minutes(60)), "InvalidExportTimeException");
}

// A restart goes on after the last file that was noted, with the state of the export's moment.
TEST_F(TransfersTest, AnExportGoesOnAfterARestart) {
  make_table();
  recover();
  for (int i = 0; i < 50; ++i) put(R"({"p":{"S":")" + std::to_string(i) + "\"}}");
  const std::string begun = run(
      export_table,
      R"({"TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/things","S3Bucket":"files"})");
  const std::string told = ended(describe_export, "ExportArn", begun);
  ASSERT_NE(told.find("\"ItemCount\":50"), std::string::npos) << told;
  // As if it had been killed after a file with the first ten items; they have all changed since.
  std::optional<Export> exported;
  std::vector<std::string> first;
  {
    const auto view = store_->view();
    const auto cursor = view->scan(kExports, {});
    auto decoded = decode_export(cursor->key(), cursor->value());
    ASSERT_TRUE(decoded);
    exported = *std::move(decoded);
    const auto rows =
        view->scan(kItems, engine::KeyRange::of(engine::KeyWriter().integer(exported->table.id)));
    for (int i = 0; i < 10; ++i, rows->next()) {
      first.emplace_back(StoredItem(rows->value()).json());
      exported->done_to = rows->key();
    }
  }
  exported->status = TransferStatus::InProgress;
  exported->ended.reset();
  exported->items = 10;
  exported->files.resize(1);
  exported->files[0].items = 10;
  exported->prefix = "again";
  for (int i = 0; i < 50; ++i)
    put(R"({"p":{"S":")" + std::to_string(i) + R"("},"changed":{"S":"later"}})");
  run(delete_table, R"({"TableName":"things"})");
  ASSERT_TRUE(
      store_->write("", [&](engine::WriteTxn& txn) { return store_export(txn, *exported); }));
  close();
  reopen();
  const std::string again =
      ended(describe_export, "ExportArn",
            R"({"ExportDescription":{"ExportArn":")" + exported->arn() + "\"}}");
  EXPECT_NE(again.find("\"ItemCount\":50"), std::string::npos) << again;
  std::vector<std::string> all = lines("again/AWSDynamoDB/" + exported->id + "/data/");
  EXPECT_EQ(all.size(), 40u);
  for (const std::string& item : first) all.push_back("{\"Item\":" + item + "}");
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.size(), 50u);
  for (const std::string& item : all) EXPECT_EQ(item.find("later"), std::string::npos) << item;
}

// The records that were done are passed over, and none is counted twice.
TEST_F(TransfersTest, AnImportGoesOnAfterARestart) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += i == 5 ? "{\"Item\":{\"q\":{\"S\":\"no key\"}}}\n"
                   : R"({"Item":{"p":{"S":")" + std::to_string(i) + "\"}}}\n";
  put_object("in/1", text);
  put_object("in/2", R"({"Item":{"p":{"S":"second"}}})");
  const std::string begun = run(import_table, R"({"ClientToken":"t","InputFormat":"DYNAMODB_JSON",
      "S3BucketSource":{"S3Bucket":"files","S3KeyPrefix":"in/"},"TableCreationParameters":{"TableName":"things",
      "KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
      "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}]}})");
  const std::string told = ended(describe_import, "ImportArn", begun);
  const auto counts = [&](const std::string& answer) {
    const std::string whole = member(answer, "ImportTableDescription");
    return member(whole, "ProcessedItemCount") + " " + member(whole, "ImportedItemCount") + " " +
           member(whole, "ErrorCount") + " " + member(whole, "ProcessedSizeBytes");
  };
  const std::string wanted = "41 40 1 " + std::to_string(text.size() + 29);
  ASSERT_EQ(counts(told), wanted) << told;
  // As if it had been killed after the tenth record, the sixth of which was the error.
  std::optional<Import> import;
  {
    const auto view = store_->view();
    const auto cursor = view->scan(kImports, {});
    auto decoded = decode_import(cursor->key(), cursor->value());
    ASSERT_TRUE(decoded);
    import = *std::move(decoded);
  }
  import->status = TransferStatus::InProgress;
  import->failure = {};
  import->ended.reset();
  import->done_key.clear();
  import->key_in_progress = "in/1";
  import->records_done = 10;
  import->processed = 10;
  import->imported = 9;
  import->errors = 1;
  import->bytes = 0;
  ASSERT_TRUE(store_->write("", [&](engine::WriteTxn& txn) { return store_import(txn, *import); }));
  close();
  reopen();
  const std::string again =
      ended(describe_import, "ImportArn",
            R"({"ImportTableDescription":{"ImportArn":")" + import->arn() + "\"}}");
  EXPECT_EQ(counts(again), wanted) << again;
  EXPECT_EQ(rows(kItems), 40u);
}

}  // namespace
}  // namespace cloche::dynamodb
