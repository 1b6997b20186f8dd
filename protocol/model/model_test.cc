#include "protocol/model/model.h"

#include <gtest/gtest.h>

#include <chrono>

namespace cloche::protocol {
namespace {

// Every operation of every embedded model can be read: a field that the derivation writes and the
// reader doesn't know would stop the server at the start of the one who first serves it.
TEST(Model, EveryOperationCanBeRead) {
  for (const char* name : {"s3", "dynamodb", "dynamodbstreams", "sts"}) {
    Model model(*Model::embedded(name));
    ASSERT_GT(model.operations.size(), 3u) << name;
    for (const auto& operation : model.operations) {
      const Operation& loaded = model.load(operation->name);
      EXPECT_TRUE(loaded.loaded);
      EXPECT_EQ(loaded.input != nullptr, !loaded.input_name.empty()) << loaded.name;
    }
  }
}

// The start of the program reads all models, and has 100 ms for everything (design, section 10):
// adding one may cost no more than a millisecond on a quiet machine. The bound here leaves room for
// sanitizers and neighbours.
TEST(Model, AddingOneIsCheap) {
  const auto begin = std::chrono::steady_clock::now();
  Model model(*Model::embedded("s3"));
  const auto spent = std::chrono::steady_clock::now() - begin;
  RecordProperty(
      "microseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(spent).count()));
  EXPECT_LT(spent, std::chrono::milliseconds(50));
}

TEST(Model, KnowsWhatStreamsAndWhatIsMissing) {
  Model model(*Model::embedded("s3"));
  EXPECT_TRUE(model.load("PutObject").streams_in);
  EXPECT_TRUE(model.load("UploadPart").streams_in);
  EXPECT_TRUE(model.load("GetObject").streams_out);
  EXPECT_FALSE(model.load("PutBucketPolicy").streams_in);
  EXPECT_EQ(model.load("DeleteObject").status, 204);
  EXPECT_EQ(model.find("Nonsense"), nullptr);
  EXPECT_FALSE(Model::embedded("nonsense").has_value());
}

}  // namespace
}  // namespace cloche::protocol
