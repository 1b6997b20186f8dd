#include "protocol/route/route.h"

#include <string>

#include "base/json.h"

namespace cloche::protocol {
namespace {

// "sts.us-east-1.amazonaws.com", "dynamodb.localhost.localstack.cloud": the first label of the host
// names the service.
const ServiceEntry* by_host(const Registry::Impl& registry, std::string_view host) {
  const std::string_view first = host.substr(0, host.find('.'));
  if (first.size() == host.size()) return nullptr;
  for (const auto& service : registry.services) {
    if (service->model().endpoint_prefix == first) return service.get();
  }
  return nullptr;
}

// An unsigned form: the action and the version of the API that it names tell the service.
const ServiceEntry* by_action(const Registry::Impl& registry, std::string_view action,
                              std::string_view version) {
  for (const auto& service : registry.services) {
    const Model& model = service->model();
    if (model.wire != Wire::Query && model.wire != Wire::Ec2) continue;
    if (!version.empty() && model.api_version != version) continue;
    if (service->find(action) != nullptr) return service.get();
  }
  return nullptr;
}

Result<void> not_served(const Registry::Impl& registry, const Request& request,
                        const Unserved& unserved, Route& into) {
  into.unserved = unserved.full_name(request);
  return refused(501, "NotImplemented",
                 registry.is_left_out(unserved.service)
                     ? "The service " + std::string(unserved.service) +
                           " is not among those that this Cloche was started with (SERVICES)"
                     : "Cloche does not implement " + into.unserved + " yet");
}

std::string_view field(const Request& request, std::string_view body, std::string_view name,
                       Arena& arena) {
  if (const auto value = request.query(name)) return *value;
  for (const auto& [field_name, value] : read_form(body, arena)) {
    if (field_name == name) return value;
  }
  return {};
}

// For a request that neither target nor signature nor host give to a service of ours: one that an
// unsigned form means, S3, or none.
Result<void> find_unclaimed(const Registry::Impl& registry, const Request& request,
                            const Credential& credential, std::string_view body, Arena& arena,
                            Route& into) {
  Unserved unserved{service_named_by(request, credential), operation_named_by(request)};
  const bool at_root = request.path() == "/";
  const bool is_posted = is_form(request) && request.method() == "POST";
  std::string_view action;
  if ((is_posted && (at_root || !unserved.service.empty())) || request.query("Action")) {
    action = field(request, body, "Action", arena);
    if (action.empty() && body.empty() && !into.needs_body) {
      into.needs_body = true;
      return {};
    }
    into.needs_body = false;
    const std::string_view version = field(request, body, "Version", arena);
    if (unserved.service.empty()) {
      into.service = by_action(registry, action, version);
      if (into.service != nullptr) return {};
      if (at_root) unserved.service = query_service_of_version(version);
    }
    if (!action.empty()) unserved.operation = action;
  }
  const bool others = !unserved.service.empty() || (at_root && !action.empty());
  if (!request.amz_target.empty() || (others && bucket_of_host(request.host()).empty()))
    return not_served(registry, request, unserved, into);
  into.service = registry.find("s3");
  return into.service != nullptr ? Result<void>() : not_served(registry, request, {"s3", ""}, into);
}

Result<void> find_json_operation(const Request& request, std::string_view body, Arena& arena,
                                 Route& into) {
  const std::size_t point = request.amz_target.find('.');
  if (point != std::string_view::npos)
    into.served = into.service->find(request.amz_target.substr(point + 1));
  if (into.served != nullptr) return {};
  // DynamoDB reads the body before it asks what it is for.
  const bool has_body = request.chunked || request.content_length.value_or(0) > 0;
  if (has_body && into.service->model().signing_name == "dynamodb") {
    if (body.empty() && !into.needs_body) {
      into.needs_body = true;
      return {};
    }
    if (!parse_json(body, arena)) return refused(400, "SerializationException", "");
  }
  return refused(400, "UnknownOperationException", "");
}

// Two operations of S3 list buckets at the same address: what is signed for directory buckets, sent to their host
// or asks for a number of them means theirs.
bool means_directory_buckets(const Request& request, const Credential& credential) {
  return credential.service == "s3express" || request.host().starts_with("s3express-control.") ||
         request.query("max-directory-buckets");
}

Result<void> find_rest_operation(const Request& request, const Credential& credential, Arena& arena,
                                 Route& into) {
  std::string_view path = request.path();
  std::string with_bucket;
  if (into.service->model().name == "s3") {
    if (const std::string_view bucket = bucket_of_host(request.host()); !bucket.empty()) {
      with_bucket = '/' + std::string(bucket) + std::string(path);
      path = arena.copy(with_bucket);
    }
  }
  into.path = path;
  into.served = into.service->match(request, path, into.labels, arena);
  if (into.served != nullptr && path == "/" && into.served->full_name == "s3.ListBuckets" &&
      means_directory_buckets(request, credential))
    into.served = into.service->find("ListDirectoryBuckets");
  if (into.served != nullptr) return {};
  if (into.service->model().wire == Wire::RestJson) {
    return refused(404, "UnknownOperationException", "");
  }
  const bool object = path.size() > 1 && path.find('/', 1) != std::string_view::npos &&
                      path.find('/', 1) + 1 < path.size();
  return refused(405, "MethodNotAllowed",
                 "The specified method is not allowed against this resource.",
                 {{"Method", std::string(request.method())},
                  {"ResourceType", path.size() <= 1 ? "SERVICE"
                                   : object         ? "OBJECT"
                                                    : "BUCKET"}});
}

Result<void> find_query_operation(const Request& request, std::string_view body, Arena& arena,
                                  Route& into) {
  const std::string_view action = field(request, body, "Action", arena);
  if (action.empty() && body.empty()) {
    into.needs_body = true;
    return {};
  }
  into.needs_body = false;
  if (action.empty())
    return refused(400, "MissingAction", "Could not find operation in the request.");
  into.served = into.service->find(action);
  if (into.served == nullptr) {
    return refused(400, "InvalidAction",
                   "Could not find operation " + std::string(action) + " for version " +
                       std::string(field(request, body, "Version", arena)));
  }
  return {};
}

}  // namespace

std::string_view bucket_of_host(std::string_view host) {
  std::size_t at = host.find(".s3.");
  if (at == std::string_view::npos && host.ends_with(".amazonaws.com")) {
    at = host.find(".s3-");
    if (at == std::string_view::npos) at = host.find(".s3express-");
  }
  return at == std::string_view::npos ? std::string_view() : host.substr(0, at);
}

Result<void> find_route(const Registry::Impl& registry, const Request& request,
                        const Credential& credential, std::string_view body, Arena& arena,
                        Route& into) {
  for (const auto& service : registry.services) {
    into.served = service->site_of(request);
    if (into.served == nullptr) continue;
    into.service = service.get();
    into.path = request.path();
    into.is_site = true;
    return {};
  }
  if (!request.amz_target.empty()) {
    into.service = registry.by_target(request.amz_target.substr(0, request.amz_target.find('.')));
  }
  const bool borrowed = into.service == nullptr && borrows_signature(request);
  if (into.service == nullptr && !borrowed && !credential.service.empty())
    into.service = registry.by_signing_name(credential.service);
  const bool bucket_in_host = !bucket_of_host(request.host()).empty();
  if (into.service == nullptr && !borrowed && !bucket_in_host)
    into.service = by_host(registry, request.host());
  if (into.service == nullptr) {
    CLOCHE_TRY_VOID(find_unclaimed(registry, request, credential, body, arena, into));
    if (into.service == nullptr) return {};  // The body tells.
  }
  switch (into.service->model().wire) {
    case Wire::Json:
      return find_json_operation(request, body, arena, into);
    case Wire::RestXml:
    case Wire::RestJson:
      return find_rest_operation(request, credential, arena, into);
    default:
      return find_query_operation(request, body, arena, into);
  }
}

}  // namespace cloche::protocol
