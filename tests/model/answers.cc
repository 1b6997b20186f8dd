#include "tests/model/answers.h"

#include <algorithm>
#include <map>

#include "base/json.h"

namespace cloche::model {
namespace {

std::string json_of(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string canonical_attribute(const Value& attribute) {
  if (!attribute["SS"].present()) return json_of(attribute);
  std::vector<std::string> members;
  for (const Value& member : attribute["SS"].items()) members.push_back(json_of(member));
  std::ranges::sort(members);
  std::string out;
  for (const std::string& member : members) out += (out.empty() ? "" : ",") + member;
  return R"({"SS":[)" + out + "]}";
}

}  // namespace

std::string canonical(const Value& item) {
  if (!item.present()) return "";
  std::map<std::string, std::string> attributes;
  for (const Member& member : item.members())
    attributes[std::string(member.name)] = canonical_attribute(member.value);
  std::string out;
  for (const auto& [name, json] : attributes)
    out += (out.empty() ? "\"" : ",\"") + name + "\":" + json;
  return "{" + out + "}";
}

Read ask(local::DynamoDb& service, Arena& arena, const std::string& operation,
         const std::string& json, std::string& said) {
  said += operation + " " + json + "\n";
  const local::Answer answer = service.ask(operation, json);
  said += "  " + std::to_string(answer.status) + " " + answer.body + "\n";
  Read read{.status = answer.status, .body{}, .text = answer.body};
  const auto parsed = parse_json(arena.copy(answer.body), arena);
  if (parsed) read.body = *parsed;
  return read;
}

Pages ask_pages(local::DynamoDb& service, const std::string& operation, const std::string& begin,
                std::string& said) {
  Pages pages;
  std::string start;
  // More pages than there are items: it never ends.
  for (int page = 0; page < 100'000; ++page) {
    Arena arena;
    const Read read = ask(service, arena, operation, begin + start + "}", said);
    if (read.status != 200) {
      pages.complaint = "refused";
      return pages;
    }
    for (const Value& item : read.body["Items"].items()) pages.items.push_back(canonical(item));
    pages.count += read.body["Count"].as_integer().value_or(-1);
    pages.scanned += read.body["ScannedCount"].as_integer().value_or(-1);
    const Value last = read.body["LastEvaluatedKey"];
    if (!last.present()) {
      if (pages.count != static_cast<std::int64_t>(pages.items.size()))
        pages.complaint = "Count is not the number of items";
      return pages;
    }
    start = R"(,"ExclusiveStartKey":)" + json_of(last);
    // What was said of earlier pages is of no use, and much.
    if (said.size() > 20'000) said.erase(0, said.size() - 10'000);
  }
  pages.complaint = "pages without end";
  return pages;
}

}  // namespace cloche::model
