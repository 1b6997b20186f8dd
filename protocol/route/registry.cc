#include "protocol/route/registry.h"

#include <algorithm>

#include "base/check.h"

namespace cloche::protocol {

ServiceEntry::ServiceEntry(std::string_view model_text, std::size_t first_number)
    : model_(model_text) {
  for (const auto& operation : model_.operations) {
    auto served = std::make_unique<Served>();
    served->operation = operation.get();
    served->number = first_number + served_.size();
    served->full_name = std::string(model_.name) + '.' + std::string(operation->name);
    by_name_[operation->name] = served.get();
    if (model_.wire == Wire::RestXml || model_.wire == Wire::RestJson)
      templates_.add(*operation, served_.size());
    served_.push_back(std::move(served));
  }
}

void ServiceEntry::on(std::string_view operation, Handler handler) {
  const auto found = by_name_.find(operation);
  CLOCHE_CHECK(found != by_name_.end());
  model_.load(operation);
  found->second->handler = std::move(handler);
}

void ServiceEntry::on_site(std::string_view operation,
                           std::function<bool(const HttpRequest&)> takes, Handler handler) {
  const auto found = by_name_.find(operation);
  CLOCHE_CHECK(found != by_name_.end());
  model_.load(operation);
  auto site = std::make_unique<Site>(Site{std::move(takes), *found->second});
  site->served.handler = std::move(handler);
  sites_.push_back(std::move(site));
}

const Served* ServiceEntry::site_of(const Request& request) const {
  for (const auto& site : sites_) {
    if (site->takes(request)) return &site->served;
  }
  return nullptr;
}

const Served* ServiceEntry::find(std::string_view operation) const {
  const auto found = by_name_.find(operation);
  return found == by_name_.end() ? nullptr : found->second;
}

const Served* ServiceEntry::match(const Request& request, std::string_view path, Labels& labels,
                                  Arena& arena) const {
  const auto index = templates_.match(request, path, labels, arena);
  return index ? served_[*index].get() : nullptr;
}

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Service& Registry::add(std::string_view name) {
  const auto text = Model::embedded(name);
  CLOCHE_CHECK(text.has_value());
  CLOCHE_CHECK(impl_->find(name) == nullptr);
  auto& entry =
      impl_->services.emplace_back(std::make_unique<ServiceEntry>(*text, impl_->operation_count));
  impl_->operation_count += entry->operations().size();
  return *entry;
}

void Registry::leave_out(std::string_view name) { impl_->left_out.emplace_back(name); }

ServiceEntry* Registry::Impl::find(std::string_view name) const {
  for (const auto& service : services) {
    if (service->model().name == name) return service.get();
  }
  return nullptr;
}

bool Registry::Impl::is_site(const Request& request) const {
  return std::ranges::any_of(
      services, [&](const auto& service) { return service->site_of(request) != nullptr; });
}

bool Registry::Impl::is_left_out(std::string_view name) const {
  return std::find(left_out.begin(), left_out.end(), name) != left_out.end();
}

ServiceEntry* Registry::Impl::by_target(std::string_view prefix) const {
  for (const auto& service : services) {
    if (!prefix.empty() && service->model().target_prefix == prefix) return service.get();
  }
  return nullptr;
}

ServiceEntry* Registry::Impl::by_signing_name(std::string_view name) const {
  // Directory buckets are signed for by a name of their own.
  if (name == "s3express" || name == "s3-outposts" || name == "s3-object-lambda") name = "s3";
  for (const auto& service : services) {
    if (service->model().signing_name == name) return service.get();
  }
  return find(name);
}

}  // namespace cloche::protocol
