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
TEST(Settings, AModeThatIsNotBuiltIsRefused) {
  EXPECT_FALSE(read_settings({}, {"CLOCHE_IAM=enforce"}));
  EXPECT_FALSE(read_settings({}, {"ENFORCE_IAM=1"}));
  EXPECT_TRUE(read_settings({}, {"CLOCHE_IAM=off", "ENFORCE_IAM=0"}));
}

TEST(Settings, RemarksOnUnknownNamesOnly) {
  EXPECT_TRUE(
      read({}, {"LOCALSTACK_DISABLE_EVENTS=1", "HOME=/root", "CLOCHE_DATA=x"}).remarks.empty());
  EXPECT_EQ(read({}, {"CLOCHE_DURABILTY=fsync"}).remarks.size(), 1u);
}

}  // namespace
}  // namespace cloche::cli
