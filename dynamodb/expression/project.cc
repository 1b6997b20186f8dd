#include <algorithm>
#include <span>

#include "dynamodb/expression/evaluate.h"
#include "dynamodb/item/attribute.h"

namespace cloche::dynamodb {
namespace {

using Paths = std::vector<const DocumentPath*>;

// Walks the item once, with all paths that go through a place at once, so that elements of a list
// come out together and in order.
class Projector {
 public:
  Projector(const BoundExpression& e, Arena& arena) : e_(e), arena_(arena) {}

  Value map(const Value& members, const Paths& paths, std::size_t depth) {
    Value out = Value::map();
    Paths rest = paths;
    while (!rest.empty()) {
      const std::string_view name = e_.name((*rest.front())[depth]);
      const Paths group =
          take(rest, [&](const DocumentPath& path) { return e_.name(path[depth]) == name; });
      const Value part = child(members.find(name), group, depth + 1);
      if (part.present()) out.add(arena_, name, part);
    }
    return out;
  }

 private:
  template <class Belongs>
  static Paths take(Paths& from, Belongs belongs) {
    Paths group;
    const auto rest = std::stable_partition(
        from.begin(), from.end(), [&](const DocumentPath* path) { return belongs(*path); });
    group.assign(from.begin(), rest);
    from.erase(from.begin(), rest);
    return group;
  }

  // The part of an attribute value; Absent if nothing of it is asked for.
  Value child(const Value& attribute, const Paths& paths, std::size_t depth) {
    if (!attribute.present() || paths.front()->size() == depth) return attribute;
    const Value& content = content_of(attribute);
    const Type type = type_of(attribute);
    const bool by_index = (*paths.front())[depth].kind == PathStep::Kind::Index;
    if (type != (by_index ? Type::L : Type::M)) return Value();
    const Value part = by_index ? list(content, paths, depth) : map(content, paths, depth);
    return part.empty() ? Value() : make_attribute(arena_, type, part);
  }

  Value list(const Value& items, const Paths& paths, std::size_t depth) {
    Value out = Value::list();
    Paths rest = paths;
    while (!rest.empty()) {
      const auto index_of = [&](const DocumentPath* path) { return (*path)[depth].index; };
      const std::uint32_t index = index_of(*std::ranges::min_element(rest, {}, index_of));
      const Paths group =
          take(rest, [&](const DocumentPath& path) { return path[depth].index == index; });
      if (index >= items.size()) continue;
      const Value part = child(items.items()[index], group, depth + 1);
      if (part.present()) out.push(arena_, part);
    }
    return out;
  }

  const BoundExpression& e_;
  Arena& arena_;
};

}  // namespace

Value project(const BoundExpression& expression, const std::vector<const DocumentPath*>& paths,
              const Value& item, Arena& arena) {
  return Projector(expression, arena).map(item, paths, 0);
}

std::vector<const DocumentPath*> paths_of(const Expression& expression) {
  std::vector<const DocumentPath*> paths;
  for (const DocumentPath& path : expression.paths) paths.push_back(&path);
  for (const UpdateAction& action : expression.actions) paths.push_back(&action.path);
  return paths;
}

}  // namespace cloche::dynamodb
