#include "protocol/route/templates.h"

#include "protocol/http/uri.h"

namespace cloche::protocol {

void Templates::add(const Operation& operation, std::size_t number) {
  Entry entry{&operation, number, {}, {}};
  std::string_view path = operation.uri.substr(0, operation.uri.find('?'));
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment.empty()) continue;
    const bool label = segment.starts_with('{') && segment.ends_with('}');
    if (label) segment = segment.substr(1, segment.size() - 2);
    const bool greedy = label && segment.ends_with('+');
    if (greedy) segment.remove_suffix(1);
    entry.segments.push_back({segment, label, greedy});
  }
  const std::size_t question = operation.uri.find('?');
  std::string_view query =
      question == std::string_view::npos ? std::string_view() : operation.uri.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    entry.queries.emplace_back(
        pair.substr(0, equals),
        equals == std::string_view::npos ? std::nullopt : std::optional(pair.substr(equals + 1)));
  }
  entries_.push_back(std::move(entry));
}

// How much of the request an operation names; nothing if the request lacks something that it needs.
std::optional<int> Templates::score(const Entry& entry, const Request& request) {
  const Operation& operation = *entry.operation;
  int named = 0;
  for (const auto& [name, value] : entry.queries) {
    const auto found = request.query(name);
    if (!found || (value && *found != *value)) return std::nullopt;
    ++named;
  }
  for (const std::string_view name : operation.needs_query) {
    if (!request.query(name)) return std::nullopt;
    ++named;
  }
  for (const std::string_view name : operation.needs_headers) {
    if (!request.has_header(name)) return std::nullopt;
    ++named;
  }
  // A form of another type is a form all the same: its handler refuses it in S3's words.
  for (const Segment& segment : entry.segments) named += segment.label ? 0 : 1;
  return named;
}

bool Templates::match_path(const Entry& entry, std::string_view path,
                           std::vector<std::string_view>* values) {
  if (path.starts_with('/')) path.remove_prefix(1);
  for (std::size_t i = 0; i < entry.segments.size(); ++i) {
    const Segment& segment = entry.segments[i];
    if (segment.greedy) {
      // Takes all but as many segments as the template has behind it.
      std::size_t end = path.size();
      for (std::size_t behind = i + 1; behind < entry.segments.size(); ++behind) {
        end = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
        if (end == std::string_view::npos) return false;
      }
      if (end == 0) return false;
      if (values != nullptr) values->push_back(path.substr(0, end));
      path.remove_prefix(std::min(path.size(), end + 1));
      if (i + 1 == entry.segments.size()) path = {};
      continue;
    }
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty()) return false;
    if (!segment.label && part != segment.text) return false;
    if (segment.label && values != nullptr) values->push_back(part);
    path.remove_prefix(std::min(path.size(), part.size() + 1));
  }
  return path.empty();
}

std::optional<std::size_t> Templates::match(const Request& request, std::string_view path,
                                            Labels& labels, Arena& arena) const {
  const Entry* best = nullptr;
  int best_score = -1;
  for (const Entry& entry : entries_) {
    if (entry.operation->method != request.method()) continue;
    if (!entry.queries.empty() && request.all_queries().empty()) continue;
    if (!match_path(entry, path, nullptr)) continue;
    const auto named = score(entry, request);
    if (named && *named > best_score) best = &entry, best_score = *named;
  }
  if (best == nullptr) return std::nullopt;
  std::vector<std::string_view> values;
  match_path(*best, path, &values);
  std::size_t next = 0;
  for (const Segment& segment : best->segments) {
    if (segment.label) labels.emplace_back(segment.text, decode_uri(values[next++], arena));
  }
  return best->number;
}

}  // namespace cloche::protocol
