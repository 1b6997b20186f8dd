// A policy document, and judgements by it.
#include "services/iam/iam.h"
#include "tests/fuzz/target.h"

using namespace cloche;

namespace {

class AnyContext final : public iam::Context {
 public:
  std::optional<std::vector<std::string>> find(std::string_view key) const override {
    if (key.ends_with("time")) return {{"2026-01-01T00:00:00Z"}};
    if (key.ends_with("ip")) return {{"192.0.2.7"}};
    if (key.size() % 3 == 0) return std::nullopt;
    return {{"arn:aws:iam::111122223333:user/ada", "17"}};
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  for (const auto kind : {iam::Policy::Kind::Identity, iam::Policy::Kind::Resource}) {
    const auto policy = iam::Policy::parse(text, kind);
    if (!policy) continue;
    const iam::Principal who{.account = "111122223333", .user = "ada"};
    const AnyContext context;
    static_cast<void>(policy->judge({who, "s3:GetObject", "arn:aws:s3:::b/a/key", context}));
  }
  return 0;
}
