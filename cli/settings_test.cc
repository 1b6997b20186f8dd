#include "cli/settings.h"

#include <gtest/gtest.h>

namespace cloche::cli {
namespace {

Settings read(const Options& options, const std::vector<std::string>& environment) {
  auto settings = read_settings(options, environment);
  EXPECT_TRUE(settings) << (settings ? "" : settings.error().message);
  return settings ? *settings : Settings();
}

Options with_durability(std::string text) {
  Options options;
  options.durability = std::move(text);
  return options;
}

TEST(Settings, AnOptionWinsOverTheEnvironment) {
  EXPECT_EQ(read(with_durability("fsync"), {"CLOCHE_DURABILITY=memory"}).durability,
            wal::Durability::Fsync);
  EXPECT_EQ(read({}, {"CLOCHE_DURABILITY=fsync", "PERSISTENCE=0"}).durability,
            wal::Durability::Fsync);
  EXPECT_EQ(read({}, {"PERSISTENCE=0"}).durability, wal::Durability::Memory);
  EXPECT_EQ(read({}, {"PERSISTENCE=1"}).durability, wal::Durability::Commit);
}

// The forms of GATEWAY_LISTEN and the older names that compose files still set (LocalStack's
// config.py).
TEST(Settings, ReadsLocalStacksAddresses) {
  EXPECT_EQ(read({}, {}).listen, (std::vector<std::string>{"127.0.0.1:4566"}));
  EXPECT_EQ(read({}, {"GATEWAY_LISTEN=0.0.0.0:4566,:443,1.2.3.4"}).listen,
            (std::vector<std::string>{"0.0.0.0:4566", "0.0.0.0:443", "1.2.3.4:4566"}));
  EXPECT_EQ(read({}, {"LOCALSTACK_EDGE_PORT=4570", "EDGE_BIND_HOST=0.0.0.0"}).listen,
            (std::vector<std::string>{"0.0.0.0:4570"}));
  EXPECT_EQ(read({}, {"LOCALSTACK_HOST=aws.test:4566"}).advertised_host, "aws.test:4566");
}

TEST(Settings, RefusesWhatMakesNoSenseAndSaysWhatWould) {
  const auto refused = read_settings(with_durability("fast"), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "--durability: 'fast' is not understood; use memory, commit or fsync");
  EXPECT_FALSE(read_settings({}, {"CLOCHE_AUTH=maybe"}));
  EXPECT_FALSE(read_settings({}, {"CLOCHE_THREADS=many"}));
}

// Someone who asked for policies to be enforced must not get a server that lets everything through.
TEST(Settings, PoliciesAreEnforcedWhereThatIsAskedFor) {
  EXPECT_EQ(read({}, {}).iam, iam::Mode::Off);
  EXPECT_EQ(read({}, {"CLOCHE_IAM=enforce"}).iam, iam::Mode::Enforce);
  EXPECT_EQ(read({}, {"CLOCHE_IAM=soft"}).iam, iam::Mode::Soft);
  EXPECT_EQ(read({}, {"ENFORCE_IAM=1"}).iam, iam::Mode::Enforce);
  EXPECT_EQ(read({}, {"CLOCHE_IAM=off", "ENFORCE_IAM=1"}).iam, iam::Mode::Off);
  EXPECT_EQ(read({}, {"CLOCHE_IAM=off", "ENFORCE_IAM=0"}).iam, iam::Mode::Off);
  EXPECT_FALSE(read_settings({}, {"CLOCHE_IAM=strict"}));
}

// A file of users says whose keys are good; test:test would be a hole in it.
TEST(Settings, TestIsAKeyOnlyWhereNoneAreNamed) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(read({}, {}).credentials, (Pairs{{"test", "test"}}));
  EXPECT_EQ(read({}, {"CLOCHE_CREDENTIALS=a:b"}).credentials, (Pairs{{"a", "b"}}));
  EXPECT_EQ(read({}, {"CLOCHE_USERS=u.json"}).credentials, Pairs{});
  EXPECT_EQ(read({}, {"CLOCHE_USERS=u.json"}).users_file, "u.json");
}

TEST(Settings, RemarksOnUnknownNamesOnly) {
  EXPECT_TRUE(
      read({}, {"LOCALSTACK_DISABLE_EVENTS=1", "HOME=/root", "CLOCHE_DATA=x"}).remarks.empty());
  EXPECT_EQ(read({}, {"CLOCHE_DURABILTY=fsync"}).remarks.size(), 1u);
}

TEST(Settings, ReadsLocalStacksSwitches) {
  const Settings off = read({}, {"DISABLE_CORS_HEADERS=0", "PARITY_AWS_ACCESS_KEY_ID=0"});
  EXPECT_TRUE(off.cors_headers && off.cors_origins.empty());
  EXPECT_FALSE(off.parity_access_keys || off.nonstandard_regions);
  const Settings on =
      read({}, {"DISABLE_CORS_HEADERS=1", "LOCALSTACK_DISABLE_CORS_CHECKS=1",
                "PARITY_AWS_ACCESS_KEY_ID=1", "LOCALSTACK_ALLOW_NONSTANDARD_REGIONS=true"});
  EXPECT_FALSE(on.cors_headers);
  EXPECT_EQ(on.cors_origins, std::vector<std::string>{"*"});
  EXPECT_TRUE(on.parity_access_keys && on.nonstandard_regions);
  EXPECT_TRUE(on.remarks.empty());
}

// LocalStack leaves expired items where they are unless asked; Cloche removes them unless told not to.
TEST(Settings, ExpiredItemsStayWhereOneSaysSo) {
  EXPECT_TRUE(read({}, {}).remove_expired_items);
  EXPECT_TRUE(read({}, {"DYNAMODB_REMOVE_EXPIRED_ITEMS=1"}).remove_expired_items);
  EXPECT_FALSE(read({}, {"LOCALSTACK_DYNAMODB_REMOVE_EXPIRED_ITEMS=0"}).remove_expired_items);
  EXPECT_TRUE(read({}, {"DYNAMODB_REMOVE_EXPIRED_ITEMS=0"}).remarks.empty());
}

// LocalStack's probabilities of refusals.
TEST(Settings, ErrorsOfDynamoDbHaveAProbability) {
  const Settings some =
      read({}, {"DYNAMODB_ERROR_PROBABILITY=0.5", "LOCALSTACK_DYNAMODB_READ_ERROR_PROBABILITY=1"});
  EXPECT_EQ(some.dynamodb_errors, 0.5);
  EXPECT_EQ(some.dynamodb_read_errors, 1);
  EXPECT_EQ(some.dynamodb_write_errors, 0);
  EXPECT_TRUE(some.remarks.empty());
  EXPECT_FALSE(read_settings({}, {"DYNAMODB_ERROR_PROBABILITY=2"}));
}

// A level that is named wins over DEBUG, as with LocalStack.
TEST(Settings, DebugIsALogLevel) {
  EXPECT_EQ(read({}, {"DEBUG=1"}).log, LogLevel::Info);
  EXPECT_EQ(read({}, {"DEBUG=1", "LS_LOG=warn"}).log, LogLevel::Warn);
}

// Silence would let a user believe that a setting works.
TEST(Settings, RemarksOnWhatHasNoEffect) {
  EXPECT_EQ(read({}, {"LOCALSTACK_DYNAMODB_SHARE_DB=1"}).remarks,
            std::vector<std::string>{
                "LOCALSTACK_DYNAMODB_SHARE_DB is accepted and changes nothing in this release"});
  EXPECT_EQ(read({}, {"USE_SSL=1", "DYNAMODB_IN_MEMORY=1", "LOCALSTACK_HOSTNAME=x",
                      "S3_SKIP_SIGNATURE_VALIDATION=0"})
                .remarks.size(),
            4u);
  EXPECT_TRUE(read({}, {"USE_SSL=0", "DYNAMODB_SHARE_DB=", "HOSTNAME=laptop",
                        "S3_SKIP_SIGNATURE_VALIDATION=1"})
                  .remarks.empty());
}

}  // namespace
}  // namespace cloche::cli
