#include "dynamodb/operation/page.h"

#include <algorithm>

#include "base/json.h"
#include "dynamodb/errors.h"
#include "dynamodb/expression/evaluate.h"
#include "dynamodb/item/storage_bytes.h"
#include "dynamodb/limits.h"
#include "dynamodb/operation/key_paths.h"

namespace cloche::dynamodb {
namespace {

Error invalid_start(std::string_view why) {
  return validation("The provided starting key is invalid" + std::string(why));
}

// The names of all attributes that a table's and an index's keys consist of, each once.
std::vector<const KeyAttribute*> all_keys(const PageSource& source) {
  std::vector<const KeyAttribute*> keys;
  const auto add = [&](const KeyAttribute& key) {
    if (std::ranges::find(keys, key.name, [](const KeyAttribute* known) { return known->name; }) ==
        keys.end())
      keys.push_back(&key);
  };
  for (const KeySchema* schema : {&source.table->keys, &source.keys()}) schema->each(add);
  return keys;
}

// Whether a filter looks at an attribute, at any depth.
bool mentions(const BoundExpression& filter, const Node& node, std::string_view name) {
  if (node.kind == NodeKind::Path && filter.name(node.path[0]) == name) return true;
  return std::ranges::any_of(node.args,
                             [&](const Node& arg) { return mentions(filter, arg, name); });
}

// The rows of several ranges, one after the other.
class RowsOfRanges {
 public:
  RowsOfRanges(const engine::ReadView& view, engine::TableId rows,
               const std::vector<engine::KeyRange>& ranges, engine::Direction direction)
      : view_(view), rows_(rows), ranges_(ranges), direction_(direction) {
    settle();
  }
  bool valid() const { return cursor_ != nullptr && cursor_->valid(); }
  std::string_view value() const { return cursor_->value(); }
  void next() {
    cursor_->next();
    settle();
  }
  Result<void> status() const { return cursor_ ? cursor_->status() : Result<void>(); }

 private:
  // On to the next range at the end of one, unless that ended with an error.
  void settle() {
    while (!valid() && at_ < ranges_.size() && status())
      cursor_ = view_.scan(rows_, ranges_[at_++], direction_);
  }

  const engine::ReadView& view_;
  const engine::TableId rows_;
  const std::vector<engine::KeyRange>& ranges_;
  const engine::Direction direction_;
  std::size_t at_ = 0;
  std::unique_ptr<engine::Cursor> cursor_;
};

// An item out of a page: what was counted, and what of it goes out.
class PageReader {
 public:
  PageReader(const engine::ReadView& view, const PagePlan& plan, const PageSource& source,
             Arena& arena)
      : view_(view), plan_(plan), source_(source), arena_(arena), keep_(plan.select != "COUNT") {
    items_ = Value::list();
  }

  Result<void> take(std::string_view row) {
    scratch_.clear();
    ++scanned_;
    const StoredItem stored(row);
    (source_.index ? index_bytes_ : table_bytes_) += stored.bytes();
    last_ = row;
    CLOCHE_TRY_VOID(count(stored));
    if (source_.fetch_items) return take_item_of(stored);
    return take_stored(stored);
  }

  bool full() const {
    return scanned_ >= plan_.limit || (counted_ && page_bytes_ >= kPageBytesMax);
  }
  // The page may be full: what it holds has to be counted (count_again), which costs a look into
  // every item. Most pages never get there.
  bool must_count() const { return !counted_ && page_bytes_ >= kPageBytesMax; }
  Result<void> count_again(RowsOfRanges& rows) {
    counted_ = true;
    page_bytes_ = 0;
    for (std::size_t i = 0; i < scanned_ && rows.valid(); ++i, rows.next()) {
      scratch_.clear();
      CLOCHE_TRY_VOID(count(StoredItem(rows.value())));
    }
    return rows.status();
  }

  Result<Value> output() {
    Value out = Value::map();
    if (keep_) out.add(arena_, "Items", items_);
    out.add(arena_, "Count", Value::integer(static_cast<std::int64_t>(count_)));
    out.add(arena_, "ScannedCount", Value::integer(static_cast<std::int64_t>(scanned_)));
    if (full() && scanned_ > 0) {
      CLOCHE_TRY(const key, last_key());
      out.add(arena_, "LastEvaluatedKey", key);
    }
    if (plan_.capacity != CapacityDetail::None || source_.throttle != nullptr) {
      ConsumedHalves consumed;
      if (source_.index == nullptr || source_.fetch_items)
        consumed.table = read_halves(table_bytes_, plan_.consistent);
      if (source_.index) {
        const auto at = static_cast<std::size_t>(source_.index - source_.table->indexes.data());
        consumed.add_index(at, read_halves(index_bytes_, plan_.consistent), *source_.table);
      }
      if (source_.throttle != nullptr)
        source_.throttle->charge(*source_.table, consumed, Throttle::Kind::Read);
      if (plan_.capacity == CapacityDetail::None) return out;
      out.add(arena_, "ConsumedCapacity",
              consumed_capacity(*source_.table, consumed, plan_.capacity, UnitKind::Plain, arena_));
    }
    return out;
  }

 private:
  Result<void> count(const StoredItem& stored) {
    const auto& sort = source_.table->keys.sort;
    if (!counted_) {
      page_bytes_ += storage_bytes_bound(stored.json().size(), sort.has_value());
      return {};
    }
    CLOCHE_TRY(const tree, stored.tree(scratch_));
    page_bytes_ += storage_bytes(tree, sort ? std::string_view(sort->name) : std::string_view());
    return {};
  }

  Result<void> take_stored(const StoredItem& stored) {
    if (!plan_.filter && !keep_) return ++count_, Result<void>();
    if (!plan_.filter && plan_.projection.all()) {
      ++count_;
      items_.push(arena_, Value::raw(arena_.copy(stored.json())));
      return {};
    }
    CLOCHE_TRY(const tree, stored.tree(scratch_));
    if (plan_.filter && !holds(*plan_.filter, tree)) return {};
    ++count_;
    if (!keep_) return {};
    if (plan_.projection.all()) {
      items_.push(arena_, Value::raw(arena_.copy(stored.json())));
      return {};
    }
    std::string json;
    append_json(json, plan_.projection.of(tree, scratch_));
    items_.push(arena_, Value::raw(arena_.copy(json)));
    return {};
  }

  Result<void> take_item_of(const StoredItem& entry) {
    CLOCHE_TRY(const tree, entry.tree(scratch_));
    Value keys = Value::map();
    for (const KeyAttribute* key : {&source_.table->keys.partition, &*source_.table->keys.sort}) {
      keys.add(scratch_, key->name, tree.find(key->name));
    }
    CLOCHE_TRY(const key, key_of_key(*source_.table, keys));
    CLOCHE_TRY(const row, view_.get(kItems, key.row));
    if (!row) return damaged("dynamodb_index_entries: an entry without its item");
    const StoredItem stored(*row);
    table_bytes_ += stored.bytes();
    return take_stored(stored);
  }

  Result<Value> last_key() {
    CLOCHE_TRY(const tree, StoredItem(arena_.copy(last_)).tree(arena_));
    Value out = Value::map();
    for (const KeyAttribute* key : all_keys(source_))
      out.add(arena_, arena_.copy(key->name), tree.find(key->name));
    return out;
  }

  const engine::ReadView& view_;
  const PagePlan& plan_;
  const PageSource& source_;
  Arena& arena_;
  Arena scratch_;
  bool keep_;
  bool counted_ = false;  // page_bytes_ is exact, and not a bound.
  Value items_;
  std::string last_;
  std::size_t count_ = 0, scanned_ = 0, page_bytes_ = 0, table_bytes_ = 0, index_bytes_ = 0;
};

}  // namespace

Result<Value> plan_start_key(const Value& input, Arena& arena) {
  const Value& key = input["ExclusiveStartKey"];
  if (!key.present()) return Value();
  auto checked = check_item(key, arena);
  if (checked) return (*checked).value;
  Error error = std::move(checked).error();
  // The service says so of some faults, and not of numbers and duplicates.
  const auto says = [&](std::string_view words) {
    return error.message.find(words) != std::string::npos;
  };
  const bool bare = says("contains duplicates") || says("number set") || says("numeric value") ||
                    says("significant digits") || says("number with magnitude");
  if (error.code == "ValidationException" && !bare)
    error.message = "The provided starting key is invalid: " + error.message;
  return error;
}

Result<PagePlan> plan_page(const Value& input, Expressions& expressions) {
  PagePlan plan;
  plan.index_name = input["IndexName"].text();
  plan.select = input["Select"].text();
  plan.consistent = input["ConsistentRead"].as_bool();
  plan.capacity = capacity_detail(input);
  plan.limit = static_cast<std::size_t>(input["Limit"].as_integer(INT64_MAX));
  plan.filter = std::move(expressions.filter);
  plan.legacy_filter = input["QueryFilter"].present() || input["ScanFilter"].present();
  CLOCHE_TRY(attributes, plan_attributes_to_get(input));
  plan.projection = std::move(attributes);
  for (const Value& name : input["AttributesToGet"].items()) plan.asked.push_back(name.text());
  if (expressions.projection) {
    plan.projection = Projection(*std::move(expressions.projection));
    const BoundExpression& bound = *plan.projection.expression();
    for (const DocumentPath& path : bound.tree->paths) plan.asked.push_back(bound.name(path[0]));
  }
  if (plan.select == "SPECIFIC_ATTRIBUTES" && plan.asked.empty()) {
    return validation(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES");
  }
  if (!plan.select.empty() && plan.select != "SPECIFIC_ATTRIBUTES" && !plan.asked.empty()) {
    return validation(std::string("Cannot specify the ") +
                      (plan.projection.expression() ? "ProjectionExpression" : "AttributesToGet") +
                      " when choosing to get " + std::string(plan.select));
  }
  if (plan.select == "ALL_PROJECTED_ATTRIBUTES" && plan.index_name.empty()) {
    return invalid_value(
        "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  return plan;
}

Result<PageSource> find_source(Service& service, const engine::ReadView& view,
                               const protocol::Call& call, const PagePlan& plan) {
  PageSource source;
  CLOCHE_TRY(table, need_table(service, view, call, plan.table_name));
  source.table = std::move(table);
  source.throttle = service.throttle.get();
  const auto admitted = [&source]() -> Result<PageSource> {
    if (source.throttle != nullptr) {
      CLOCHE_TRY_VOID(source.throttle->admit(*source.table, source.index, Throttle::Kind::Read));
    }
    return std::move(source);
  };
  if (plan.index_name.empty()) return admitted();
  source.index = source.table->find_index(plan.index_name);
  if (source.index == nullptr) {
    return validation("The table does not have the specified index: " +
                      std::string(plan.index_name));
  }
  if (source.index->global && plan.consistent) {
    return validation("Consistent reads are not supported on global secondary indexes");
  }
  if (source.index->backfilling) {
    return validation("Cannot read from backfilling global secondary index: " + source.index->name);
  }
  return admitted();
}

Result<void> check_attributes(const PagePlan& plan, PageSource& source, bool is_query) {
  const Index* index = source.index;
  if (plan.projection.expression())
    CLOCHE_TRY_VOID(refuse_paths_into_keys(*source.table, *plan.projection.expression()));
  if (is_query && plan.filter) {
    const KeyAttribute* filtered = nullptr;
    source.keys().each([&](const KeyAttribute& key) {
      if (filtered == nullptr && mentions(*plan.filter, plan.filter->tree->condition, key.name))
        filtered = &key;
    });
    if (filtered != nullptr) {
      return validation(
          std::string(plan.legacy_filter ? "QueryFilter" : "Filter Expression") +
          " can only contain non-primary key attributes: Primary key attribute: " + filtered->name);
    }
  }
  if (index != nullptr && index->projection != ProjectionType::All) {
    std::string missing;
    for (const std::string_view name : plan.asked) {
      if (is_projected(*source.table, *index, name)) continue;
      if (!missing.empty()) missing += ", ";
      missing += name;
    }
    CLOCHE_TRY_VOID(refuse_all_attributes(plan, source));
    if (index->global && !missing.empty()) {
      return invalid_value("Global secondary index " + index->name + " does not project [" +
                           missing + "]");
    }
    source.fetch_items = plan.select == "ALL_ATTRIBUTES" || !missing.empty();
  }
  return plan.filter ? refuse_paths_into_keys(*source.table, *plan.filter) : Result<void>();
}

Result<void> refuse_all_attributes(const PagePlan& plan, const PageSource& source) {
  const Index* index = source.index;
  if (index == nullptr || !index->global || index->projection == ProjectionType::All ||
      plan.select != "ALL_ATTRIBUTES")
    return {};
  return invalid_value("Select type ALL_ATTRIBUTES is not supported for global secondary index " +
                       index->name + " because its projection type is not ALL");
}

Result<void> check_start_shape(const PagePlan& plan, const PageSource& source, bool is_query) {
  if (!plan.start_key.present() || plan.start_key.size() == all_keys(source).size()) return {};
  return invalid_start(
      is_query || source.index ? "" : ": The provided key element does not match the schema");
}

Result<void> check_start_attribute(const Value& start_key, const KeyAttribute& key) {
  if (!start_key.present()) return {};
  const Value& attribute = start_key.find(key.name);
  if (!attribute.present()) return invalid_start("");
  return type_of(attribute) == key.type ? Result<void>() : key_schema_mismatch();
}

Result<std::string> start_row(const PagePlan& plan, const PageSource& source) {
  if (!plan.start_key.present()) return std::string();
  Value table_keys = Value::map();
  Arena arena;
  for (const KeyAttribute* key : {&source.table->keys.partition,
                                  source.table->keys.sort ? &*source.table->keys.sort : nullptr}) {
    if (key == nullptr) continue;
    const Value& attribute = plan.start_key.find(key->name);
    if (attribute.present()) table_keys.add(arena, key->name, attribute);
  }
  auto key = key_of_key(*source.table, table_keys);
  if (!key) return invalid_start(": " + key.error().message);
  if (source.index == nullptr) return std::move((*key).row);
  auto row = index_row(*source.table, *source.index, plan.start_key);
  if (!row) return invalid_start("");
  return *std::move(row);
}

Result<Value> read_page(const engine::ReadView& view, const PagePlan& plan,
                        const PageSource& source, std::vector<engine::KeyRange> ranges,
                        const std::string& start, engine::Direction direction, Arena& arena) {
  if (!start.empty()) {
    for (engine::KeyRange& range : ranges) {
      if (direction == engine::Direction::Forward) {
        range.from = std::max(range.from, after_row(start));
      } else {
        range.to = range.to.empty() ? start : std::min(range.to, start);
      }
    }
  }
  // A start at the very end leaves nothing, which no range says.
  std::erase_if(ranges, [](const engine::KeyRange& range) {
    return !range.to.empty() && range.from >= range.to;
  });
  PageReader reader(view, plan, source, arena);
  RowsOfRanges rows(view, source.rows(), ranges, direction);
  for (; rows.valid() && !reader.full(); rows.next()) {
    CLOCHE_TRY_VOID(reader.take(rows.value()));
    if (!reader.must_count()) continue;
    RowsOfRanges again(view, source.rows(), ranges, direction);
    CLOCHE_TRY_VOID(reader.count_again(again));
  }
  CLOCHE_TRY_VOID(rows.status());
  return reader.output();
}

}  // namespace cloche::dynamodb
