#include "cli/serving.h"

#include <algorithm>
#include <charconv>

#include "cli/admin.h"
#include "cli/admin_branches.h"
#include "cli/admin_clock.h"
#include "cli/admin_history.h"
#include "cli/admin_openapi.h"
#include "cli/admin_reset.h"
#include "cli/admin_seal.h"
#include "cli/admin_timeline.h"
#include "cli/admin_tools.h"
#include "engine/history.h"
#include "s3/sessions.h"

namespace cloche::cli {
namespace {

constexpr int kPortMax = 65'535;
// Who stops a server waits some ten seconds before it kills it (docker stop), and requests have five of these.
constexpr std::chrono::seconds kTransfersEnd{3};

// "127.0.0.1:4566" -> "127.0.0.1"
std::string host_of(const std::string& address) { return address.substr(0, address.rfind(':')); }
std::string port_of(const std::string& address) { return address.substr(address.rfind(':') + 1); }

int parse_port(const std::string& text) {
  int port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port > 0 && port <= kPortMax ? port : 0;
}

protocol::ServerOptions server_options(const ServingContext& context, Environment& environment,
                                       const OwnAccess& own, std::vector<std::string> listen) {
  const Settings& settings = context.settings;
  LogWriter& log = context.log;
  protocol::ServerOptions options;
  options.listen = std::move(listen);
  options.threads = settings.threads;
  options.auth = settings.auth;
  options.secret = [credentials = settings.credentials, users = environment.users(), &environment,
                    own](std::string_view key) -> std::optional<std::string> {
    if (own.account_of(key)) return own.secret();
    if (const iam::User* user = users->by_access_key(key)) return user->secret_key;
    for (const auto& [known, secret] : credentials) {
      if (known == key) return secret;
    }
    return environment.s3().session_secret(key);
  };
  options.identify = [users = environment.users(), &environment, own](protocol::Caller& caller) {
    if (auto itself = own.account_of(caller.access_key)) {
      caller.account = *std::move(itself);
    } else if (const iam::User* user = users->by_access_key(caller.access_key)) {
      caller.account = user->account;
      if (!user->root) caller.user = user->name;
    } else if (auto account = s3::session_account(environment.s3(), caller.access_key)) {
      caller.account = *std::move(account);
      caller.user = s3::kSessionUser;
    }
  };
  options.advertised_host = settings.advertised_host;
  options.certificate_file = settings.certificate_file;
  options.certificate_directory = settings.data;
  if (settings.log == LogLevel::Info)
    options.request_log = [&log](std::string_view line) { log.line(line); };
  // Whatever the log level: what went wrong in here is told nowhere else.
  options.fault_log = [&log](std::string_view line) { log.line(line); };
  options.clock = [&environment] { return environment.store().clock().now(); };
  options.extra_cors_origins = settings.cors_origins;
  options.cors_headers = settings.cors_headers;
  options.allow_nonstandard_regions = settings.nonstandard_regions;
  options.parity_access_keys = settings.parity_access_keys;
  return options;
}

// The branch says its own port where clients are told an address.
std::string advertised_by_branch(const std::string& host, int port) {
  if (host.empty() || port == 0) return "";
  const std::size_t colon = host.rfind(':');
  return (colon == std::string::npos ? host : host.substr(0, colon)) + ":" + std::to_string(port);
}

// What it listens on is what it asks itself by; of all addresses that is the loopback's.
std::string own_url(const protocol::Server& server) {
  const std::string address = server.addresses().front();
  if (const std::string host = host_of(address); host == "0.0.0.0" || host == "[::]")
    return "http://" + std::string(host == "[::]" ? "[::1]" : "127.0.0.1") + ":" + port_of(address);
  return "http://" + address;
}

std::string endpoint_at(const std::string& address) { return "http://" + address; }

}  // namespace

Result<std::unique_ptr<Serving>> Serving::open(const ServingContext& context,
                                               std::unique_ptr<engine::Store> store,
                                               std::vector<std::string> listen,
                                               protocol::Server* host, int port) {
  std::unique_ptr<Serving> serving(new Serving(context, host));
  serving->environment_ =
      std::make_unique<Environment>(std::move(store), context.settings, context.guard);
  Environment& environment = *serving->environment_;
  // Not of the seed's chance: who knows a seed would know the secret.
  const OwnAccess own(Env::posix(), context.settings.auth);
  auto options = server_options(context, environment, own, std::move(listen));
  const auto failed = std::make_shared<FailedRequests>();
  options.failures = [&environment, failed](const protocol::Finished& finished,
                                            std::string_view asked, const Value& input) {
    constexpr int kFirstError = 400;  // Not modified is none.
    if (finished.status < kFirstError) return;
    engine::Store& now = environment.store();
    failed->add(failed_request(finished, asked, input, now.clock().now(), now.stats().last));
  };
  if (host) options.advertised_host = advertised_by_branch(options.advertised_host, port);
  auto server =
      host ? protocol::Server::open_beside(*host, std::move(options), environment.registry())
           : protocol::Server::open(context.env, std::move(options), environment.registry());
  if (!server) return std::move(server).error();
  serving->server_ = *std::move(server);
  serve_admin(*serving->server_, environment, context.settings);
  serve_history(*serving->server_, environment);
  serve_timeline(*serving->server_, environment, failed);
  serve_seal(*serving->server_, environment);
  serve_clock(*serving->server_, environment);
  serve_branches(*serving->server_, *serving);
  serve_reset(*serving->server_, environment);
  serving->transfers_ = std::make_unique<TransferPaths>(
      *serving->server_,
      OwnEndpoint{.url = own_url(*serving->server_), .access = own, .clock = [&environment] {
                    return environment.store().clock().now();
                  }});
  serve_openapi(*serving->server_);
  serve_tools(*serving->server_, environment);
  serving->listen_for_branches();
  serving->server_->serve();
  if (!serving->waiting_.empty())
    serving->opener_ = std::thread([&opened = *serving] { opened.open_branches(); });
  return serving;
}

Serving::~Serving() {
  // While it still serves, so that a load can remove again what it has made.
  if (transfers_) transfers_->end(kTransfersEnd);
  // Branches use the threads of the trunk's server, so they end before it.
  std::map<std::string, std::unique_ptr<Serving>> open;
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  if (opener_.joinable()) opener_.join();
  refusing_.clear();
  {
    const std::scoped_lock lock(mutex_);
    open.swap(branches_);
  }
  open.clear();
  server_.reset();
}

Result<std::unique_ptr<Serving>> Serving::serve_branch(std::unique_ptr<engine::Store> store,
                                                       const std::string& listen, int port) {
  return open(context_, std::move(store), {listen}, &host(), port);
}

std::string Serving::address_of(int port) const {
  return host_of(server_->addresses().front()) + ":" + std::to_string(port);
}

// Before this one answers: a new branch could be given the port of an old one.
void Serving::listen_for_branches() {
  const auto all = engine::branches_of(environment_->store()).list();
  if (!all) return context_.log.line("branches not opened: " + all.error().message);
  for (const engine::Branch& branch : *all) {
    auto listener = protocol::Listener::open(address_of(parse_port(branch.note)));
    if (listener) {
      waiting_.push_back({branch, *std::move(listener)});
    } else {
      context_.log.line("branch " + branch.name + " not opened: " + listener.error().message);
    }
  }
}

// The opener's. While one is opened it is in nobody's list but opening_.
void Serving::open_branches() {
  std::unique_lock lock(mutex_);
  while (!closing_ && !waiting_.empty()) {
    Waiting waiting = take_waiting();
    const std::string name = waiting.branch.name;
    opening_ = OpenBranch{waiting.branch, endpoint_at(waiting.listener->address())};
    lock.unlock();
    auto serving = open_branch(waiting);
    Result<std::unique_ptr<Refusing>> refusing = std::unique_ptr<Refusing>();
    if (!serving) {
      const std::string why = "branch " + name + " not opened: " + serving.error().message;
      context_.log.line(why);
      refusing = Refusing::open(host(), *waiting.listener, why);
    }
    lock.lock();
    if (serving) {
      branches_[name] = *std::move(serving);
    } else if (refusing) {
      refusing_[name] = *std::move(refusing);
    }
    opening_.reset();
    opened_.notify_all();
  }
}

// One that somebody waits for, if there is one.
Serving::Waiting Serving::take_waiting() {
  const auto awaited = std::ranges::find_if(
      waiting_, [](const Waiting& waiting) { return waiting.listener->is_awaited(); });
  const auto taken = awaited == waiting_.end() ? waiting_.begin() : awaited;
  Waiting waiting = std::move(*taken);
  waiting_.erase(taken);
  return waiting;
}

Result<std::unique_ptr<Serving>> Serving::open_branch(Waiting& waiting) {
  CLOCHE_TRY(store, engine::branches_of(environment_->store()).open(waiting.branch.name));
  const int port = parse_port(waiting.branch.note);
  return serve_branch(std::move(store), waiting.listener->hand_over(), port);
}

// Empty: none.
std::string Serving::endpoint_of(const std::string& name) const {
  if (const auto open = branches_.find(name); open != branches_.end())
    return endpoint_at(open->second->server().addresses().front());
  if (opening_ && opening_->branch.name == name) return opening_->endpoint;
  const auto waiting =
      std::ranges::find(waiting_, name, [](const Waiting& w) { return w.branch.name; });
  return waiting == waiting_.end() ? "" : endpoint_at(waiting->listener->address());
}

Result<std::string> Serving::free_name() {
  CLOCHE_TRY(const all, engine::branches_of(environment_->store()).list());
  for (std::size_t number = 1;; ++number) {
    std::string name = "branch-" + std::to_string(number);
    if (std::ranges::find(all, name, &engine::Branch::name) == all.end()) return name;
  }
}

Result<OpenBranch> Serving::make_branch(std::string name, const std::string& from, int port) {
  const std::scoped_lock lock(mutex_);
  if (closing_) return unavailable("the environment is being closed");
  std::optional<Lsn> point;
  if (!from.empty()) {
    CLOCHE_TRY(const found, engine::history_of(environment_->store()).find(from));
    point = found;
  }
  if (name.empty()) {
    CLOCHE_TRY(made_up, free_name());
    name = std::move(made_up);
  }
  engine::Branches& known = engine::branches_of(environment_->store());
  CLOCHE_TRY(store, known.make(name, point, std::to_string(port)));
  auto serving = serve_branch(std::move(store), address_of(port), port);
  if (!serving) {
    static_cast<void>(known.remove(name).has_value());
    return serving.error();
  }
  branches_[name] = *std::move(serving);
  const std::string endpoint = endpoint_of(name);
  // So that it is found there again.
  CLOCHE_TRY_VOID(known.set_note(name, port_of(endpoint)));
  CLOCHE_TRY(const all, known.list());
  return OpenBranch{*std::ranges::find(all, name, &engine::Branch::name), endpoint};
}

Result<std::vector<OpenBranch>> Serving::branches() {
  const std::scoped_lock lock(mutex_);
  CLOCHE_TRY(const all, engine::branches_of(environment_->store()).list());
  std::vector<OpenBranch> told;
  for (const engine::Branch& branch : all) told.push_back({branch, endpoint_of(branch.name)});
  return told;
}

Result<void> Serving::remove_branch(const std::string& name) {
  std::unique_lock lock(mutex_);
  opened_.wait(lock, [&] { return !opening_ || opening_->branch.name != name; });
  if (closing_) return unavailable("the environment is being closed");
  const auto found = branches_.find(name);
  if (found != branches_.end()) {
    CLOCHE_TRY(const below, found->second->branches());
    if (!below.empty()) {
      return refused(
          409, "BranchHasBranches",
          name + " has branches of its own (" + below.front().branch.name + "): remove them first");
    }
    found->second->transfers_->end(std::chrono::milliseconds(0));
    found->second->environment().store().abandon();
    branches_.erase(found);
  }
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.branch.name == name; });
  refusing_.erase(name);
  return engine::branches_of(environment_->store()).remove(name);
}

}  // namespace cloche::cli
