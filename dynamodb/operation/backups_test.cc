#include <filesystem>
#include <thread>

#include "dynamodb/operation/test_service.h"

namespace cloche::dynamodb {
namespace {

// A service over a store with a log, as recovery reads the past out of it.
class BackupsTest : public ServiceTest {
 protected:
  BackupsTest() {
    dynamodb_.reset();
    store_.reset();
    std::string pattern = (std::filesystem::temp_directory_path() / "cloche-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    open();
    store_->clock().freeze(engine::kSeededStart);
  }
  ~BackupsTest() override {
    close();
    std::filesystem::remove_all(directory_);
  }

  void open() {
    engine::Schema schema;
    schema.add(tables());
    engine::StoreOptions options;
    options.directory = directory_;
    options.seed = 1;
    auto opened = engine::Store::open(Env::posix(), options, schema);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    dynamodb_ = std::make_unique<DynamoDb>(*store_);
    store_->start_scheduler();
  }
  void close() {
    dynamodb_.reset();
    store_.reset();
  }

  void later(int seconds) { store_->clock().move(std::chrono::seconds(seconds)); }
  std::string seconds_now() {
    return std::to_string(
        std::chrono::floor<std::chrono::seconds>(store_->clock().now()).time_since_epoch().count());
  }

  void enable_recovery() {
    const std::string told = run(update_continuous_backups, R"({"TableName":"things",
        "PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}})");
    ASSERT_NE(told.find(R"("PointInTimeRecoveryStatus":"ENABLED")"), std::string::npos) << told;
  }

  // Of a restored table once it is there.
  std::string scan_when_active(const std::string& table) {
    for (int i = 0; i < 1000; ++i) {
      if (run(describe_table, R"({"TableName":")" + table + "\"}")
              .find(R"("TableStatus":"ACTIVE")") != std::string::npos)
        break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return member(run(scan, R"({"TableName":")" + table + "\"}"), "Items");
  }

  // RestoreDateTime is a timestamp on the wire; the call's input here is made by hand.
  std::string restore_at(Instant at, const std::string& target) {
    auto call = std::make_shared<TestCall>(
        "Test", R"({"SourceTableName":"things","TargetTableName":")" + target + "\"}");
    call->set_input("RestoreDateTime", Value::timestamp(at));
    if (auto begun = restore_to_point_in_time(dynamodb_->impl(), call); !begun)
      call->fail(std::move(begun).error());
    return call->answer();
  }

  std::string directory_;
};

TEST_F(BackupsTest, ATableComesBackAsItWasAtAnySecond) {
  make_table(true);
  enable_recovery();
  std::vector<std::pair<Instant, std::string>> states;
  const auto put_item_of = [&](int p, int v) {
    put(R"({"p":{"S":"p)" + std::to_string(p) + R"("},"s":{"N":"1"},"g":{"S":"g)" +
        std::to_string(v % 2) + R"("},"v":{"N":")" + std::to_string(v) + "\"}}");
  };
  for (int i = 0; i < 12; ++i) {
    later(10);
    put_item_of(i % 4, i);
    if (i % 3 == 2)
      run(delete_item, R"({"TableName":"things","Key":{"p":{"S":"p)" + std::to_string(i % 4) +
                           R"("},"s":{"N":"1"}}})");
    states.emplace_back(store_->clock().now(),
                        member(run(scan, R"({"TableName":"things"})"), "Items"));
    if (i == 6) {
      ASSERT_TRUE(store_->flush());
    }
  }
  later(10);
  for (std::size_t i = 0; i < states.size(); i += 3) {
    const std::string name = "restored" + std::to_string(i);
    const std::string begun = restore_at(states[i].first + std::chrono::seconds(1), name);
    ASSERT_NE(begun.find(R"("RestoreInProgress":true)"), std::string::npos) << begun;
    EXPECT_EQ(scan_when_active(name), states[i].second) << i;
  }
  // Its indexes are there too.
  const std::string by_index =
      run(query, R"({"TableName":"restored9","IndexName":"by_g","KeyConditionExpression":"g = :g",
          "ExpressionAttributeValues":{":g":{"S":"g1"}}})");
  EXPECT_NE(member(by_index, "Count"), "0") << by_index;
}

TEST_F(BackupsTest, OnlyAMomentInTheWindowIsRestored) {
  make_table();
  EXPECT_TRUE(restore_at(store_->clock().now(), "other")
                  .starts_with("PointInTimeRecoveryUnavailableException"));
  later(100);
  enable_recovery();
  later(100);
  EXPECT_TRUE(restore_at(store_->clock().now() + std::chrono::seconds(5), "other")
                  .starts_with("InvalidRestoreTimeException"));
  EXPECT_TRUE(restore_at(store_->clock().now() - std::chrono::seconds(150), "other")
                  .starts_with("InvalidRestoreTimeException"));
  EXPECT_TRUE(
      restore_at(store_->clock().now(), "things").starts_with("TableAlreadyExistsException"));
}

TEST_F(BackupsTest, ABackupHoldsWhatWasThereAndOutlivesItsTable) {
  make_table();
  for (int i = 0; i < 2500; ++i) put(R"({"p":{"S":"p)" + std::to_string(i) + "\"}}");
  const std::string made = run(create_backup, R"({"TableName":"things","BackupName":"first"})");
  const std::string arn = member(member(made, "BackupDetails"), "BackupArn");
  later(1);
  put(R"({"p":{"S":"after"}})");
  // A restart in the midst of copying changes nothing.
  close();
  open();
  for (int i = 0; i < 1000; ++i) {
    if (run(describe_backup, R"({"BackupArn":)" + arn + "}").find("AVAILABLE") != std::string::npos)
      break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const std::string described = run(describe_backup, R"({"BackupArn":)" + arn + "}");
  EXPECT_NE(described.find(R"("ItemCount":2500)"), std::string::npos) << described;
  run(delete_table, R"({"TableName":"things"})");
  store_->drain_work();
  run(restore_from_backup, R"({"TargetTableName":"again","BackupArn":)" + arn + "}");
  scan_when_active("again");
  EXPECT_EQ(member(run(scan, R"({"TableName":"again","Select":"COUNT"})"), "Count"), "2500");
  EXPECT_NE(run(list_backups, "{}").find("first"), std::string::npos);
  EXPECT_NE(run(delete_backup, R"({"BackupArn":)" + arn + "}").find("DELETED"), std::string::npos);
  EXPECT_TRUE(
      run(describe_backup, R"({"BackupArn":)" + arn + "}").starts_with("BackupNotFoundException"));
  store_->drain_work();
  EXPECT_EQ(rows(kItems), 2500u) << "the restored table's own";
}

}  // namespace
}  // namespace cloche::dynamodb
