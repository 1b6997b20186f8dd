// Whole requests to S3 (and whoever else is asked) over a socket: routing, heads, queries, XML, streams, handlers. Requests are
// separated by lines of "---"; each is a line "METHOD TARGET", header lines, an empty line, and the body. What HTTP wants beside
// that is added.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "base/check.h"
#include "dynamodb/dynamodb.h"
#include "protocol/protocol.h"
#include "s3/s3.h"
#include "services/iam/guard.h"
#include "services/kms/kms.h"
#include "tests/fuzz/http_mutator.h"
#include "tests/fuzz/target.h"

using namespace cloche;

namespace {

// What requests leave behind would fill the memory, and make what is found hard to repeat.
constexpr std::size_t kRunsOfAWorld = 500;

constexpr std::string_view kFirst =
    "PUT /plain\n\n\n---\nPUT /versions\n\n\n---\n"
    "PUT "
    "/versions?versioning\n\n<VersioningConfiguration><Status>Enabled</Status></"
    "VersioningConfiguration>\n---\n"
    "PUT /plain/k\nx-amz-meta-a: b\n\nbody of k\n---\nPUT /plain/a/b.csv\n\na,b\n1,2\n\n---\nPUT "
    "/versions/k\n\n1\n---\nPUT /versions/k\n\n2\n---\n"
    "DELETE /versions/k\n\n";

constexpr std::size_t kFirstRequests = 8;

// Services on a server; a fault of theirs ends the program.
class World {
 public:
  World() {
    engine::Schema schema;
    schema.add(s3::tables());
    schema.add(dynamodb::tables());
    schema.add(kms::tables());
    engine::StoreOptions options;
    options.durability = wal::Durability::Memory;
    options.seed = 1;
    auto opened = engine::Store::open(Env::posix(), options, schema);
    CLOCHE_CHECK(opened);
    store_ = *std::move(opened);
    s3_ = std::make_unique<s3::S3>(*store_, guard_);
    dynamodb_ = std::make_unique<dynamodb::DynamoDb>(*store_, guard_);
    s3::register_s3(registry_, *s3_);
    dynamodb::register_dynamodb(registry_, *dynamodb_);
    kms::register_kms(registry_, *store_);
    store_->start_scheduler();
    protocol::ServerOptions server;
    server.listen = {"127.0.0.1:0"};
    server.threads = 1;
    server.clock = [this] { return store_->clock().now(); };
    server.fault_log = [](std::string_view line) {
      std::fprintf(stderr, "a fault: %.*s\n", static_cast<int>(line.size()), line.data());
      CLOCHE_CHECK(false);
    };
    auto listening = protocol::Server::open(Env::posix(), std::move(server), registry_);
    CLOCHE_CHECK(listening);
    server_ = *std::move(listening);
    server_->serve();
    const std::string address = server_->addresses().front();
    port_ = std::stoi(address.substr(address.rfind(':') + 1));
    const std::string answers = ask(kFirst);
    std::size_t done = 0;
    for (std::size_t at = 0; (at = answers.find("HTTP/1.1 20", at)) != std::string::npos; ++at)
      ++done;
    CLOCHE_CHECK(done == kFirstRequests);
  }

  // Sends all requests, and reads until the server has answered what it wants to.
  std::string ask(std::string_view requests) {
    const std::string bytes = fuzz::http_of(requests);
    const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port_));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CLOCHE_CHECK(::connect(connection, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    std::string_view left = bytes;
    while (!left.empty()) {
      const ssize_t sent = ::send(connection, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;  // It has hung up, as it may.
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::shutdown(connection, SHUT_WR);
    std::string answers;
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(connection, buffer, sizeof buffer, 0)) > 0;)
      answers.append(buffer, static_cast<std::size_t>(got));
    ::close(connection);
    return answers;
  }

 private:
  const iam::Guard guard_;
  protocol::Registry registry_;
  std::unique_ptr<engine::Store> store_;
  std::unique_ptr<s3::S3> s3_;
  std::unique_ptr<dynamodb::DynamoDb> dynamodb_;
  std::unique_ptr<protocol::Server> server_;
  int port_ = 0;
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  return fuzz::mutate(fuzz::mutate_http, data, size, size_max, seed);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Not ended with the program: its threads would use OpenSSL after that has cleaned up.
  static auto& world = *new std::unique_ptr<World>;
  static std::size_t runs = 0;
  if (runs++ % kRunsOfAWorld == 0) {
    world.reset();
    world = std::make_unique<World>();
  }
  world->ask(fuzz::text_of(data, size));
  return 0;
}
