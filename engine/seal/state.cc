#include "engine/seal/state.h"

#include <algorithm>

#include "engine/blob/blob_row.h"
#include "engine/history/errors.h"
#include "engine/outbox/work_row.h"

namespace cloche::engine {
namespace {

// What an integer column takes in front of a key.
constexpr std::size_t kIntegerColumn = 9;

std::string_view service_of_kind(std::string_view kind) { return kind.substr(0, kind.find('.')); }

}  // namespace

class CanonicalState::ServiceNumbers final : public Numbers {
 public:
  ServiceNumbers(const CanonicalState& state, const Owners& owners, bool whole)
      : state_(state), owners_(owners), whole_(whole) {}

  void add(std::int64_t number) {
    if (numbers_.try_emplace(number, last_ + 1).second) by_new_[++last_] = number;
  }
  std::optional<std::int64_t> find(std::int64_t number) const override {
    const auto found = numbers_.find(number);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  std::int64_t last() const override { return last_; }
  std::uint64_t work(std::uint64_t id) const override {
    const auto found = state_.work_numbers_.find(id);
    return found == state_.work_numbers_.end() ? 0 : found->second;
  }
  const Owners& owners() const override { return owners_; }
  const ReadView& view() const override { return state_.view_; }
  bool whole() const override { return whole_; }
  const std::map<std::int64_t, std::int64_t>& by_new() const { return by_new_; }

 private:
  const CanonicalState& state_;
  const Owners& owners_;
  const bool whole_;
  std::unordered_map<std::int64_t, std::int64_t> numbers_;
  std::map<std::int64_t, std::int64_t> by_new_;
  std::int64_t last_ = 0;
};

CanonicalState::CanonicalState(const ReadView& view, const Tables& tables,
                               const std::vector<SealPart>& only)
    : view_(view), tables_(tables), only_(only) {}
CanonicalState::~CanonicalState() = default;

bool CanonicalState::is_whole(std::string_view service) const {
  return only_.empty() || std::ranges::any_of(only_, [&](const SealPart& part) {
           return part.service == service && part.owner.empty();
         });
}

bool CanonicalState::takes(std::string_view service, const Owner& owner) const {
  return is_whole(service) || std::ranges::any_of(only_, [&](const SealPart& part) {
           return part.service == service && part.owner == owner.name;
         });
}

Result<bool> CanonicalState::is_under_way() const {
  for (const TableSpec& table : tables_.all()) {
    if (table.description == nullptr || table.description->under_way == nullptr) continue;
    const auto cursor = view_.scan(table.id, {});
    for (; cursor->valid(); cursor->next()) {
      if (table.description->under_way(cursor->key(), cursor->value())) return true;
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  return false;
}

Result<void> CanonicalState::prepare() {
  CLOCHE_TRY(owners, AllOwners::read(view_, tables_));
  owners_ = std::move(owners);
  for (const TableSpec& table : tables_.all()) {
    const std::string service(service_of(table));
    if (!numbers_.contains(service)) {
      numbers_.emplace(
          service, std::make_unique<ServiceNumbers>(*this, owners_.of(table), is_whole(service)));
    }
  }
  CLOCHE_TRY_VOID(number_owners());
  CLOCHE_TRY_VOID(gather_work());
  return check_parts();
}

Result<void> CanonicalState::number_owners() {
  for (const TableSpec& table : tables_.all()) {
    if (!is_told(table) || table.description->numbered) continue;
    const std::string_view service = service_of(table);
    ServiceNumbers& numbers = *numbers_.find(service)->second;
    // Those that nobody asks about by name need no look at their rows.
    if (!names_owners(table) && is_whole(service)) continue;
    std::vector<std::pair<std::int64_t, Owner>> named;
    const auto cursor = view_.scan(table.id, {});
    for (; cursor->valid(); cursor->next()) {
      const auto resource =
          table.description->resource(cursor->key(), cursor->value(), numbers.owners());
      if (!resource || !takes(service, resource->owner)) continue;
      found_.insert(std::string(service) + ":" + resource->owner.name);
      if (!names_owners(table)) continue;
      named.clear();
      table.description->names(cursor->key(), cursor->value(), named);
      for (const auto& [number, owner] : named) numbers.add(number);
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  return {};
}

Result<void> CanonicalState::gather_work() {
  CLOCHE_TRY(all, due_work(view_, Instant::max(), SIZE_MAX));
  for (DueWork& due : all) {
    const std::string service(service_of_kind(due.work.kind));
    Owner about;
    for (const TableSpec& table : tables_.all()) {
      if (table.description == nullptr || table.description->renumber_work == nullptr ||
          service_of(table) != service)
        continue;
      if (!table.description->renumber_work(due.work.kind, due.work.payload,
                                            *numbers_.find(service)->second, about))
        about.kind = "-";
    }
    if (about.kind == "-") continue;
    if (about.name.empty() ? !is_whole(service) : !takes(service, about)) continue;
    due.work.attempts = 0;
    work_.push_back({due.due.time_since_epoch().count(), encode_work(due.work), due.id});
  }
  std::ranges::sort(work_, [](const KeptWork& a, const KeptWork& b) {
    return std::tie(a.due, a.value) < std::tie(b.due, b.value);
  });
  for (std::size_t i = 0; i < work_.size(); ++i) work_numbers_[work_[i].id] = i + 1;
  return {};
}

Result<void> CanonicalState::check_parts() const {
  for (const SealPart& part : only_) {
    const bool known = std::ranges::any_of(tables_.all(), [&](const TableSpec& table) {
      return is_told(table) && service_of(table) == part.service;
    });
    if (!known)
      return refusal("NoSuchPart", "there is no service called " + part.service + " to seal", 404);
    if (!part.owner.empty() && !found_.contains(part.service + ":" + part.owner))
      return refusal("NoSuchPart", part.service + " has nothing called " + part.owner, 404);
  }
  return {};
}

Result<void> CanonicalState::visit(const TableSpec& table, const Visit& visit) {
  if (service_of(table) == "engine") return visit_engine(table, visit);
  if (table.description != nullptr && table.description->numbered)
    return visit_numbered(table, visit);
  return visit_plain(table, visit);
}

Result<void> CanonicalState::show(const TableSpec& table, std::string_view key, std::string new_key,
                                  std::string_view value, const Visit& visit) {
  std::string changed;
  if (table.description != nullptr && table.description->renumber != nullptr) {
    changed = value;
    const Numbers& numbers = *numbers_.find(service_of(table))->second;
    if (!table.description->renumber(key, changed, numbers)) return {};
    value = changed;
  }
  if (table.blobs) {
    scratch_.clear();
    table.blobs(value, scratch_);
    for (const BlobRef& blob : scratch_) {
      if (blob.size > 0) ++references_[blob.digest];  // Empty ones are not stored.
    }
  }
  return visit(new_key, value);
}

// Owners in the order of their new numbers, so that keys come in their order.
Result<void> CanonicalState::visit_numbered(const TableSpec& table, const Visit& visit) {
  const ServiceNumbers& numbers = *numbers_.find(service_of(table))->second;
  for (const auto& [now, before] : numbers.by_new()) {
    const std::string prefix = KeyWriter().integer(now).take();
    const auto cursor = view_.scan(table.id, KeyRange::of(KeyWriter().integer(before)));
    for (; cursor->valid(); cursor->next()) {
      CLOCHE_TRY_VOID(show(table, cursor->key(),
                           prefix + std::string(cursor->key().substr(kIntegerColumn)),
                           cursor->value(), visit));
    }
    CLOCHE_TRY_VOID(cursor->status());
  }
  return {};
}

Result<void> CanonicalState::visit_plain(const TableSpec& table, const Visit& visit) {
  const std::string_view service = service_of(table);
  const bool whole = is_whole(service);
  const bool is_counter = table.description != nullptr && table.description->resource == nullptr;
  if (!whole && !is_told(table) && !is_counter) return {};
  const Owners& owners = owners_.of(table);
  const auto cursor = view_.scan(table.id, {});
  for (; cursor->valid(); cursor->next()) {
    if (!whole && is_told(table)) {
      const auto resource = table.description->resource(cursor->key(), cursor->value(), owners);
      if (!resource || !takes(service, resource->owner)) continue;
    }
    CLOCHE_TRY_VOID(show(table, cursor->key(), std::string(cursor->key()), cursor->value(), visit));
  }
  return cursor->status();
}

Result<void> CanonicalState::visit_engine(const TableSpec& table, const Visit& visit) {
  switch (table.id) {
    case kStateTable: {
      const std::string key = KeyWriter().text("clock").take();
      CLOCHE_TRY(const clock, view_.get(table.id, key));
      return clock && clock->starts_with("frozen ") ? visit(key, *clock) : Result<void>();
    }
    case kBlobTable:
      return visit_blobs(visit);
    case kWorkTable:
      for (std::size_t i = 0; i < work_.size(); ++i) {
        const auto id = static_cast<std::int64_t>(i + 1);
        CLOCHE_TRY_VOID(
            visit(KeyWriter().integer(work_[i].due).integer(id).bytes(), work_[i].value));
      }
      return {};
    case kWorkDueTable:
      for (std::size_t i = 0; i < work_.size(); ++i) {
        CLOCHE_TRY_VOID(visit(KeyWriter().integer(static_cast<std::int64_t>(i + 1)).bytes(),
                              KeyWriter().integer(work_[i].due).bytes()));
      }
      return {};
    default:
      return {};  // Garbage, checkpoints and branches are history.
  }
}

Result<void> CanonicalState::visit_blobs(const Visit& visit) {
  std::size_t left = references_.size();
  const auto cursor = view_.scan(kBlobTable, {});
  for (; cursor->valid(); cursor->next()) {
    const std::string bytes = KeyReader(cursor->key()).blob();
    BlobRef blob;
    CLOCHE_CHECK(bytes.size() == blob.digest.size());
    std::ranges::copy(as_bytes(bytes), blob.digest.begin());
    const auto counted = references_.find(blob.digest);
    if (counted == references_.end()) continue;
    --left;
    CLOCHE_TRY(row, BlobRow::decode(cursor->value()));
    row.references = counted->second;
    row.garbage_since = Lsn(0);
    blob.size = row.size;
    if (row.in_file) file_blobs_.push_back(blob);
    CLOCHE_TRY_VOID(visit(cursor->key(), row.encode()));
  }
  CLOCHE_TRY_VOID(cursor->status());
  if (left > 0) return damaged(std::to_string(left) + " blobs that rows name are not stored");
  return {};
}

}  // namespace cloche::engine
