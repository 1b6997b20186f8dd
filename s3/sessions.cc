#include "s3/sessions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/digest.h"
#include "s3/directory.h"
#include "s3/encryption.h"
#include "s3/errors.h"
#include "s3/handlers.h"

namespace cloche::s3 {
namespace {

constexpr std::chrono::minutes kSessionTime{5};
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kRow = "session-secret";
// "ASIA", 8 characters for the account, 8 of chance, 12 that show that it is ours.
constexpr std::string_view kPrefix = "ASIA";
constexpr std::size_t kAccount = 8, kChance = 8, kProof = 12;
constexpr std::size_t kBody = kAccount + kChance;
constexpr std::size_t kKeySize = 4 + kBody + kProof;
constexpr char kBetween = '|';

std::string base32_of(std::span<const std::byte> bytes, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += kBase32[std::to_integer<unsigned>(bytes[i]) & 31];
  return out;
}

std::string bound(std::string_view secret, std::string_view use, std::string_view text) {
  const std::string input = std::string(use) + kBetween + std::string(text);
  return std::string(as_text(hmac_sha256(as_bytes(secret), as_bytes(input))));
}

Result<std::optional<std::string>> find_secret(const engine::ReadView& view) {
  CLOCHE_TRY(const row, view.get(kCounters, bucket_key(kRow)));
  if (!row) return std::optional<std::string>();
  return std::optional(std::string(*row));
}

Result<std::string> make_secret(engine::WriteTxn& txn) {
  CLOCHE_TRY(found, find_secret(txn));
  if (found) return *std::move(found);
  std::array<std::byte, 32> bytes;
  txn.ids().fill(bytes);
  std::string secret = to_hex(bytes);
  CLOCHE_TRY_VOID(txn.put(kCounters, bucket_key(kRow), secret));
  return secret;
}

std::string proof_of(std::string_view secret, std::string_view body) {
  return base32_of(as_bytes(bound(secret, "key", body)), kProof);
}

bool is_ours(std::string_view secret, std::string_view key) {
  if (key.size() != kKeySize || !key.starts_with(kPrefix)) return false;
  return proof_of(secret, key.substr(4, kBody)) == key.substr(4 + kBody);
}

// The 12 digits of an account as a number of 40 bits.
std::string letters_of(std::string_view account) {
  std::uint64_t number = 0;
  std::from_chars(account.data(), account.data() + account.size(), number);
  std::string out(kAccount, kBase32[0]);
  for (std::size_t i = kAccount; i-- > 0; number >>= 5) out[i] = kBase32[number & 31];
  return out;
}
std::string account_of(std::string_view letters) {
  std::uint64_t number = 0;
  for (const char c : letters) number = number << 5 | kBase32.find(c);
  const std::string digits = std::to_string(number);
  return std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits;
}

// What a token says, in front of what shows that it is ours.
std::string words_of(std::string_view key, std::string_view bucket, std::string_view mode,
                     Instant until, const protocol::Caller& maker) {
  std::string words(key);
  for (const std::string& word :
       {std::string(bucket), std::string(mode), std::to_string(until.time_since_epoch().count()),
        to_base64(as_bytes(maker.access_key)), to_base64(as_bytes(maker.user))})
    words += kBetween + word;
  return words;
}

Result<bool> read_mode(const Value& mode) {
  if (!mode || mode.text() == "ReadWrite") return false;
  if (mode.text() == "ReadOnly") return true;
  return invalid_argument("The session mode is not valid.", "x-amz-create-session-mode",
                          mode.text());
}

}  // namespace

std::optional<std::string> S3::session_secret(std::string_view access_key) const {
  if (access_key.size() != kKeySize || !access_key.starts_with(kPrefix)) return std::nullopt;
  const auto secret = find_secret(*store_.view());
  if (!secret || !*secret || !is_ours(**secret, access_key)) return std::nullopt;
  return to_base64(as_bytes(bound(**secret, "secret", access_key)));
}

std::optional<std::string> session_account(S3& s3, std::string_view access_key) {
  if (!s3.session_secret(access_key)) return std::nullopt;
  return account_of(access_key.substr(4, kAccount));
}

Result<std::optional<Session>> session_of(S3& s3, const protocol::Call& call, Instant now) {
  const std::string_view token = call.http().header(kSessionHeader);
  if (token.empty()) return std::optional<Session>();
  CLOCHE_TRY(const secret, find_secret(*s3.store().view()));
  std::string text;
  if (!secret || !from_base64(token, text) || text.size() < sizeof(Sha256))
    return invalid_session_token();
  const std::string words = text.substr(sizeof(Sha256));
  if (bound(*secret, "token", words) != text.substr(0, sizeof(Sha256)))
    return invalid_session_token();
  std::vector<std::string_view> parts;
  for (std::string_view rest = words;;) {
    const std::size_t end = rest.find(kBetween);
    parts.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  std::int64_t until = 0;
  if (parts.size() != 6 || parts[0] != call.caller().access_key) return invalid_session_token();
  std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), until);
  if (now.time_since_epoch().count() > until) return expired_session_token();
  Session session{
      .bucket = std::string(parts[1]), .read_only = parts[2] == "ReadOnly", .maker = call.caller()};
  session.maker.access_key.clear();
  session.maker.user.clear();
  if (!from_base64(parts[4], session.maker.access_key) ||
      !from_base64(parts[5], session.maker.user))
    return invalid_session_token();
  return std::optional(std::move(session));
}

// For a bucket that is not there yet too: boto3, given an endpoint, asks for a session before it makes the
// bucket. What the session is for finds no bucket then.
void create_session(S3& s3, const CallPtr& call) {
  const auto read_only = read_mode(call->input()["SessionMode"]);
  if (!read_only) return call->fail(read_only.error());
  if (auto named = zone_of_name(call->input()["Bucket"].text()); !named)
    return call->fail(std::move(named).error());
  commit(
      s3, call,
      [call, mode = *read_only ? "ReadOnly" : "ReadWrite"](engine::WriteTxn& txn) -> Result<Value> {
        Arena& arena = call->arena();
        const std::string_view bucket = call->input()["Bucket"].text();
        CLOCHE_TRY(const secret, make_secret(txn));
        const std::string body =
            letters_of(call->caller().account) + txn.ids().from_alphabet(kBase32, kChance);
        const std::string key = std::string(kPrefix) + body + proof_of(secret, body);
        const Instant until = txn.now() + kSessionTime;
        const std::string words = words_of(key, bucket, mode, until, call->caller());
        Value credentials = Value::map();
        credentials.add(
            arena, "SessionToken",
            Value::string(arena, to_base64(as_bytes(bound(secret, "token", words) + words))));
        credentials.add(arena, "SecretAccessKey",
                        Value::string(arena, to_base64(as_bytes(bound(secret, "secret", key)))));
        credentials.add(arena, "AccessKeyId", Value::string(arena, key));
        credentials.add(arena, "Expiration", Value::timestamp(until));
        Value output = Value::map();
        output.add(arena, "Credentials", credentials);
        output.add(arena, "ServerSideEncryption", Value::string("AES256"));
        return output;
      });
}

}  // namespace cloche::s3
