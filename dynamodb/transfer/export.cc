#include "dynamodb/transfer/export.h"

#include <algorithm>
#include <chrono>

#include "base/digest.h"
#include "base/json.h"

namespace cloche::dynamodb {
namespace {

Value encode_files(const std::vector<ExportedFile>& files, Arena& arena) {
  Value out = Value::list();
  for (const ExportedFile& file : files) {
    Value& entry = out.push(arena, Value::list());
    for (const std::string& word : {file.key, file.md5, file.etag})
      entry.push(arena, Value::string(arena, word));
    entry.push(arena, Value::integer(file.items));
  }
  return out;
}

std::vector<ExportedFile> decode_files(const Value& in) {
  std::vector<ExportedFile> files;
  for (const Value& entry : in.items()) {
    if (entry.size() != 4) continue;
    files.push_back({entry.items()[0].str(), entry.items()[1].str(), entry.items()[2].str(),
                     entry.items()[3].as_integer(0)});
  }
  return files;
}

}  // namespace

std::string_view name_of(TransferStatus status) {
  constexpr std::string_view kNames[] = {"IN_PROGRESS", "COMPLETED", "FAILED"};
  return kNames[static_cast<int>(status)];
}

TransferFailure failure_of(const Error& error, engine::Ids& ids) {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return {"S3" + error.code,
          error.message +
              " (Service: Amazon S3; Status Code: " + std::to_string(error.http_status) +
              "; Error Code: " + error.code + "; Request ID: " + ids.from_alphabet(kLetters, 16) +
              "; S3 Extended Request ID: " + ids.from_alphabet(kLetters, 56) + "; Proxy: null)"};
}

std::string new_transfer_id(engine::WriteTxn& txn) {
  const auto milliseconds =
      std::chrono::floor<std::chrono::milliseconds>(txn.now()).time_since_epoch().count();
  std::string number = std::to_string(milliseconds);
  number.insert(0, 14 - std::min<std::size_t>(14, number.size()), '0');
  return number + "-" + txn.ids().hex(8);
}

std::string Export::key() const {
  return engine::KeyWriter().text(account).text(region).text(table_name).text(id).take();
}

std::string Export::root() const {
  return prefix + (prefix.empty() || prefix.ends_with('/') ? "" : "/") + "AWSDynamoDB/";
}
std::string Export::folder() const { return root() + id + "/"; }

std::string encode_export(const Export& exported) {
  Arena arena;
  const std::string table = encode_table(exported.table);
  Value out = Value::map();
  const auto flag = [&](std::string_view name, bool value) {
    if (value) out.add(arena, name, Value::boolean(true));
  };
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.add(arena, name, Value::string(value));
  };
  out.add(arena, "started", encode_time(exported.started));
  text("token", exported.token);
  text("bucket", exported.bucket.bucket);
  text("owner", exported.bucket.owner);
  text("by", exported.bucket.account);
  flag("owner_given", exported.owner_given);
  text("prefix", exported.prefix);
  flag("kms", exported.kms);
  text("kms_key", exported.kms_key);
  flag("ion", exported.ion);
  flag("type_given", exported.type_given);
  out.add(arena, "time", encode_time(exported.time));
  flag("incremental", exported.incremental);
  out.add(arena, "from", encode_time(exported.from));
  out.add(arena, "to", encode_time(exported.to));
  flag("new_images_only", exported.new_images_only);
  out.add(arena, "status", Value::integer(static_cast<int>(exported.status)));
  text("failure", exported.failure.code);
  text("failure_message", exported.failure.message);
  if (exported.ended) out.add(arena, "ended", encode_time(exported.ended));
  flag("begun", exported.begun);
  out.add(arena, "done_to", Value::bytes(exported.done_to));
  out.add(arena, "items", Value::integer(exported.items));
  out.add(arena, "bytes", Value::integer(exported.bytes));
  out.add(arena, "files", encode_files(exported.files, arena));
  out.add(arena, "table", Value::raw(table));
  std::string row;
  append_json(row, out);
  return row;
}

Result<void> store_export(engine::WriteTxn& txn, const Export& exported) {
  return txn.put(kExports, exported.key(), encode_export(exported));
}

Result<Export> decode_export(std::string_view key, std::string_view row) {
  Arena arena;
  Export exported;
  const auto parsed = parse_json(row, arena);
  if (!parsed || !(*parsed)["table"].present() ||
      !from_base64((*parsed)["done_to"].text(), exported.done_to))
    return damaged("dynamodb_exports: a row is no export");
  const Value& in = *parsed;
  engine::KeyReader columns(key);
  exported.account = columns.text();
  exported.region = columns.text();
  exported.table_name = columns.text();
  exported.id = columns.text();
  exported.started = decode_time(in["started"]).value_or(Instant());
  exported.token = in["token"].str();
  exported.bucket = {in["bucket"].str(), in["owner"].str(), in["by"].str()};
  exported.owner_given = in["owner_given"].as_bool();
  exported.prefix = in["prefix"].str();
  exported.kms = in["kms"].as_bool();
  exported.kms_key = in["kms_key"].str();
  exported.ion = in["ion"].as_bool();
  exported.type_given = in["type_given"].as_bool();
  exported.time = decode_time(in["time"]).value_or(Instant());
  exported.incremental = in["incremental"].as_bool();
  exported.from = decode_time(in["from"]).value_or(Instant());
  exported.to = decode_time(in["to"]).value_or(Instant());
  exported.new_images_only = in["new_images_only"].as_bool();
  exported.status = static_cast<TransferStatus>(in["status"].as_integer(0));
  exported.failure = {in["failure"].str(), in["failure_message"].str()};
  exported.ended = decode_time(in["ended"]);
  exported.begun = in["begun"].as_bool();
  exported.items = in["items"].as_integer(0);
  exported.bytes = in["bytes"].as_integer(0);
  exported.files = decode_files(in["files"]);
  std::string table;
  append_json(table, in["table"]);
  CLOCHE_TRY(decoded, decode_table(table));
  exported.table = std::move(decoded);
  return exported;
}

Result<std::optional<Export>> find_export(const engine::ReadView& view, std::string_view arn) {
  auto parts = parse_part_arn(arn, "export");
  if (!parts) return std::optional<Export>();
  Export named;
  named.account = std::move(parts->account);
  named.region = std::move(parts->region);
  named.table_name = std::move(parts->table);
  named.id = std::move(parts->id);
  const std::string key = named.key();
  CLOCHE_TRY(const row, view.get(kExports, key));
  if (!row) return std::optional<Export>();
  CLOCHE_TRY(exported, decode_export(key, *row));
  return std::optional<Export>(std::move(exported));
}

}  // namespace cloche::dynamodb
